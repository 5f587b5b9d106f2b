import { DEFAULT_THRESHOLDS, type DiagnosisThresholds, overDefaults, requireSense } from '../diagnose/thresholds.js';

/** When `gateMonitor` warns. Each threshold can be set. */
export interface MonitorThresholds extends DiagnosisThresholds {
  /**
   * A gate gets no gradient if the norm of its weights' gradient is below this fraction of the norm of the weights. Default:
   * 1e-8, at which a step of plain gradient descent is too small to change float32 weights.
   */
  noGradient: number;
  /**
   * A layer's gradient spikes if its norm is more than this many times the median of the earlier reports, at least three.
   * Default: 100.
   */
  spike: number;
}

/** The thresholds that `gateMonitor` uses by default. */
export const DEFAULT_MONITOR_THRESHOLDS: Readonly<MonitorThresholds> = {
  ...DEFAULT_THRESHOLDS,
  noGradient: 1e-8,
  spike: 100,
};

/** @throws RangeError for an unknown threshold or one that is not a number of at least 0. */
export function monitorThresholds(given?: Partial<MonitorThresholds>): MonitorThresholds {
  const thresholds = overDefaults('gateMonitor', DEFAULT_MONITOR_THRESHOLDS, given);
  requireSense('gateMonitor', thresholds);
  return thresholds;
}

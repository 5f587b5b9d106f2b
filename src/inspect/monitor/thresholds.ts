import { DEFAULT_THRESHOLDS, type DiagnosisThresholds, overDefaults, requireSense } from '../diagnose/thresholds.js';

/** When `gateMonitor` warns. Each of them can be set. */
export interface MonitorThresholds extends DiagnosisThresholds {
  /**
   * A gate has no gradient where the norm of the gradient of its weights is below this fraction of their own norm.
   * Default: 1e-8, at which a step of plain gradient descent is too small for float32 to change them.
   */
  noGradient: number;
  /**
   * The gradient of a layer spikes where its norm is more than so many times the median of the reports before, of which
   * there must be three. Default: 100.
   */
  spike: number;
}

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

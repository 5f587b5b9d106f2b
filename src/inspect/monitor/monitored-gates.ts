import type { DiagnosisThresholds } from '../diagnose/thresholds.js';
import { type GateStatistics, memoryHorizonOf, summariesOf } from '../statistics/layer-statistics.js';
import type { GateSummary } from '../statistics/statistics-types.js';
import { medianHorizon } from '../words.js';
import type { MonitoredGate, MonitoredGates, MonitoredValue } from './history-types.js';

/** Statistics in a few numbers, however many units there are. */
export function monitoredGates(statistics: GateStatistics, { stuckFraction }: DiagnosisThresholds): MonitoredGates {
  const found: Record<string, MonitoredGate | MonitoredValue> = {};
  for (const [name, summary] of summariesOf(statistics)) {
    found[name] = 'leftSaturated' in summary ? monitoredGate(summary, stuckFraction) : { ...summary };
  }
  const medianMemoryHorizon = medianHorizon(memoryHorizonOf(statistics) ?? []) ?? null;
  return { ...found, medianMemoryHorizon } as unknown as MonitoredGates;
}

function monitoredGate(
  { mean, std, leftSaturated, rightSaturated }: GateSummary,
  stuckFraction: number,
): MonitoredGate {
  const isStuck = (fraction: number | null | undefined) => (fraction ?? 0) > stuckFraction;
  const stuck = leftSaturated.filter((fraction, unit) => isStuck(fraction) || isStuck(rightSaturated[unit]));
  return {
    mean,
    std,
    leftSaturated: meanOf(leftSaturated),
    rightSaturated: meanOf(rightSaturated),
    stuckUnits: stuck.length / leftSaturated.length,
  };
}

/** Of the units that have a finite value. */
function meanOf(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

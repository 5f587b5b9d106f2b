import type { DiagnosisThresholds } from '../diagnose/thresholds.js';
import type { GateStatistics } from '../statistics/layer-statistics.js';
import type { GateSummary } from '../statistics/statistics-types.js';
import { medianHorizon } from '../words.js';
import type { MonitoredGate, MonitoredGates } from './history-types.js';

/** Statistics in a few numbers, however many units there are. */
export function monitoredGates(statistics: GateStatistics, { stuckFraction }: DiagnosisThresholds): MonitoredGates {
  const { i, f, o, g, c, h, memoryHorizon } = statistics;
  return {
    i: monitoredGate(i, stuckFraction),
    f: monitoredGate(f, stuckFraction),
    o: monitoredGate(o, stuckFraction),
    g: { ...g },
    c: { ...c },
    h: { ...h },
    medianMemoryHorizon: medianHorizon(memoryHorizon) ?? null,
  };
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

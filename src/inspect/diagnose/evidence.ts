import type { GateStatistics } from '../statistics/statistics-types.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import type { Place } from './finding.js';
import type { UnitActivity } from './unit-activity.js';

/** All that is known of one LSTM when its findings are drawn. */
export interface Evidence {
  place: Place;
  statistics: GateStatistics;
  activity: UnitActivity;
  weightNorms: WeightNormsByGate;
  /** Of the longest trace. */
  timesteps: number;
}

/** Indices of the values that satisfy a condition; a null never does. */
export function unitsWhere(values: (number | null)[], holds: (value: number) => boolean): number[] {
  return values.flatMap((value, unit) => (value !== null && holds(value) ? [unit] : []));
}

/** Mean of the values of some units, for evidence; rounded to four digits, as nobody reads more. */
export function meanOver(values: (number | null)[], units: number[]): number {
  const sum = units.reduce((total, unit) => total + (values[unit] ?? 0), 0);
  return rounded(sum / units.length);
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

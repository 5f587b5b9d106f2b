import type { Sample } from './sample.js';

/** By unit number; or those first whose gates are saturated most often, or whose hidden state moves most. */
export type UnitSorting = 'index' | 'saturation' | 'activity';

export const UNIT_SORTINGS: readonly UnitSorting[] = ['index', 'saturation', 'activity'];

/** Saturation is Karpathy's: below the first, or above the second (arXiv 1506.02078). */
export const SATURATION_THRESHOLDS = [0.1, 0.9] as const;

/** Positions of the units in a sample, in the order in which they are drawn. */
export function unitOrder(sample: Sample, sorting: UnitSorting): number[] {
  const positions = Array.from({ length: sample.units }, (_, unit) => unit);
  if (sorting === 'index') return positions;
  const measure = sorting === 'saturation' ? saturation : activity;
  const values = positions.map((unit) => measure(sample, unit));
  return positions.sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
}

/** How many of the values of i, f and o are saturated, at valid steps. */
function saturation(sample: Sample, unit: number): number {
  const [low, high] = SATURATION_THRESHOLDS;
  let count = 0;
  for (const gate of ['i', 'f', 'o'] as const) {
    for (const value of valuesOf(sample, gate, unit)) if (value < low || value > high) count += 1;
  }
  return count;
}

/** The standard deviation of h over the valid steps. */
function activity(sample: Sample, unit: number): number {
  const values = valuesOf(sample, 'h', unit).filter(Number.isFinite);
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function valuesOf({ values, valid, units }: Sample, quantity: 'i' | 'f' | 'o' | 'h', unit: number): number[] {
  return valid.flatMap((isValid, t) => (isValid ? [values[quantity][t * units + unit] as number] : []));
}

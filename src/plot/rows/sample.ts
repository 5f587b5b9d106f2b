import type { Quantity } from '../../core/quantities.js';

/** One sample of a trace, off the device. */
export interface Sample {
  /** Its index in the batch. */
  sample: number;
  timesteps: number;
  units: number;
  /** [U]: which unit of the layer each of them is. */
  unitIndices: readonly number[];
  /** [T]: false at masked steps. */
  valid: boolean[];
  /** Each [T, U], flat. */
  values: Record<Quantity, ArrayLike<number>>;
  activation: string;
  recurrentActivation: string;
}

/** What a unit does, step by step, where steps are valid. */
export function valuesOfUnit(
  { values, valid, units, timesteps }: Sample,
  quantity: Quantity,
  position: number,
): number[] {
  const ofQuantity = values[quantity];
  const found: number[] = [];
  for (let t = 0; t < timesteps; t++) if (valid[t]) found.push(ofQuantity[t * units + position] as number);
  return found;
}

/** How far the values of a quantity reach from zero, at valid steps; values that are not finite are left out. */
export interface Reach {
  /** The largest absolute value; 0 without one. */
  largest: number;
  /** Where colours end: below the largest where a few values are so much larger that the rest would look alike. */
  shown: number;
}

/** A value is an outlier beyond this many times the 95th percentile of the others. */
const FAR = 2.5;
const PERCENTILE = 0.95;

/**
 * How far colours must reach. The percentile is of all units but the one that reaches farthest, of which every value may
 * be an outlier.
 */
export function reachOf(sample: Sample, quantity: Quantity): Reach {
  const sizes = Array.from({ length: sample.units }, (_, position) =>
    valuesOfUnit(sample, quantity, position).filter(Number.isFinite).map(Math.abs),
  );
  const largestIn = (values: readonly number[]) => values.reduce((found, size) => Math.max(size, found), 0);
  const largestOfUnit = sizes.map(largestIn);
  const largest = largestIn(largestOfUnit);
  const farthest = largestOfUnit.indexOf(largest);
  const others = sizes.filter((_, position) => position !== farthest || sample.units === 1).flat();
  const sorted = Float64Array.from(others).sort();
  const usual = sorted[Math.ceil(PERCENTILE * sorted.length) - 1] ?? 0;
  return { largest, shown: usual > 0 && largest > FAR * usual ? usual : largest };
}

/** The largest finite absolute value of some units at valid steps; 0 without one. */
export function largestOf(sample: Sample, quantity: Quantity, positions: readonly number[]): number {
  return positions
    .flatMap((position) => valuesOfUnit(sample, quantity, position))
    .reduce((largest, value) => (Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest), 0);
}

/** How many values of some quantities are NaN or infinite, at valid steps. */
export function countNonFinite(
  sample: Sample,
  quantities: readonly Quantity[],
  positions: readonly number[] = Array.from({ length: sample.units }, (_, position) => position),
): number {
  return quantities
    .flatMap((quantity) => positions.map((position) => valuesOfUnit(sample, quantity, position)))
    .reduce((count, values) => count + values.length - values.filter(Number.isFinite).length, 0);
}

import { type Activations, kindOfQuantity } from '../../inspect/gate-activations.js';
import { quantityTitle } from '../../inspect/words.js';
import type { ValueGrid } from './heat.js';

/** One sample of a trace, off the device. */
export interface Sample extends Activations {
  /** Its index in the batch. */
  sample: number;
  timesteps: number;
  units: number;
  /** [U]: which unit of the layer each of them is. */
  unitIndices: readonly number[];
  /** [T]: false at masked steps. */
  valid: boolean[];
  /** By quantity, in the cell's order, each [T, width], flat: [T, U] for most. */
  values: Readonly<Record<string, ArrayLike<number>>>;
  /** By quantity, where values are computed only when they are asked for. */
  widths?: Readonly<Record<string, number>>;
  /** The values by unit, each [width, T], flat, where they are had so. */
  rows?: Readonly<Record<string, ArrayLike<number>>>;
  /** Between which numbers the values lie, where that is known without a look at them. */
  ends?: Readonly<Record<string, readonly [low: number, high: number]>>;
}

/** The width of a quantity, which may be another than U. */
export function widthOf(
  { values, widths, timesteps }: Pick<Sample, 'values' | 'widths' | 'timesteps'>,
  quantity: string,
): number {
  return widths?.[quantity] ?? (values[quantity] as ArrayLike<number>).length / timesteps;
}

/** Which units of the layer the values of a quantity are of; of one of another width, the values are just counted. */
export function indicesOf(sample: Sample, quantity: string): readonly number[] {
  const width = widthOf(sample, quantity);
  return width === sample.units ? sample.unitIndices : Array.from({ length: width }, (_, n) => n);
}

/** What stands above a panel: `cell state c`; where it is not one a unit, how many there are: `hidden state h (3)`. */
export function titleOfQuantity(sample: Sample, quantity: string): string {
  const title = quantityTitle(quantity, kindOfQuantity(quantity, sample));
  const width = widthOf(sample, quantity);
  return width === sample.units ? title : `${title} (${width} values)`;
}

/** A row for each of some units, in their order, over time. */
export function gridOf(sample: Sample, quantity: string, positions: readonly number[]): ValueGrid {
  const { values, rows, valid, timesteps } = sample;
  const byUnit = rows?.[quantity];
  return {
    values: byUnit ?? (values[quantity] as ArrayLike<number>),
    starts: byUnit === undefined ? positions : positions.map((position) => position * timesteps),
    stride: byUnit === undefined ? widthOf(sample, quantity) : 1,
    columns: timesteps,
    isThere: valid.every(Boolean) ? null : valid,
  };
}

/** What a unit does, step by step, where steps are valid. */
export function valuesOfUnit(sample: Sample, quantity: string, position: number): number[] {
  const { values, valid, timesteps } = sample;
  const ofQuantity = values[quantity] as ArrayLike<number>;
  const width = widthOf(sample, quantity);
  const found: number[] = [];
  for (let t = 0; t < timesteps; t++) if (valid[t]) found.push(ofQuantity[t * width + position] as number);
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
export function reachOf(sample: Sample, quantity: string): Reach {
  const width = widthOf(sample, quantity);
  const sizes = Array.from({ length: width }, (_, position) =>
    valuesOfUnit(sample, quantity, position).filter(Number.isFinite).map(Math.abs),
  );
  const largestIn = (values: readonly number[]) => values.reduce((found, size) => Math.max(size, found), 0);
  const largestOfUnit = sizes.map(largestIn);
  const largest = largestIn(largestOfUnit);
  const farthest = largestOfUnit.indexOf(largest);
  const others = sizes.filter((_, position) => position !== farthest || width === 1).flat();
  const sorted = Float64Array.from(others).sort();
  const usual = sorted[Math.ceil(PERCENTILE * sorted.length) - 1] ?? 0;
  return { largest, shown: usual > 0 && largest > FAR * usual ? usual : largest };
}

/** The largest finite absolute value of some units at valid steps; 0 without one. */
export function largestOf(sample: Sample, quantity: string, positions: readonly number[]): number {
  return positions
    .flatMap((position) => valuesOfUnit(sample, quantity, position))
    .reduce((largest, value) => (Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest), 0);
}

/** How many values of some quantities are NaN or infinite, at valid steps. */
export function countNonFinite(sample: Sample, quantities: readonly string[], positions?: readonly number[]): number {
  return quantities
    .flatMap((quantity) => {
      const width = widthOf(sample, quantity);
      const chosen = positions ?? Array.from({ length: width }, (_, position) => position);
      return chosen.filter((position) => position < width).map((position) => valuesOfUnit(sample, quantity, position));
    })
    .reduce((count, values) => count + values.length - values.filter(Number.isFinite).length, 0);
}

import type { Quantity } from '../../core/quantities.js';

/** One sample of a trace, off the device. */
export interface Sample {
  /** Its index in the batch. */
  sample: number;
  timesteps: number;
  units: number;
  /** [U]: which unit of the layer each of them is. */
  unitNumbers: readonly number[];
  /** [T]: false at masked steps. */
  valid: boolean[];
  /** Each [T, U], flat. */
  values: Record<Quantity, ArrayLike<number>>;
  activation: string;
  recurrentActivation: string;
}

/** The largest finite absolute value at the valid steps; 0 without one. */
export function largestOf({ values, valid, units }: Sample, quantity: Quantity): number {
  let largest = 0;
  const ofQuantity = values[quantity];
  for (let n = 0; n < ofQuantity.length; n++) {
    const size = Math.abs(ofQuantity[n] as number);
    if (valid[Math.floor(n / units)] && size < Number.POSITIVE_INFINITY && size > largest) largest = size;
  }
  return largest;
}

import type { Tolerance } from './tolerance.js';

/** One number in which two tensors differ. */
export interface Difference {
  /** Where: one index an axis. */
  index: number[];
  expected: number;
  received: number;
}

export interface Comparison {
  passed: boolean;
  /** What was compared: one size an axis. */
  shape: number[];
  /** How many numbers are beyond the tolerance. */
  differing: number;
  /** Largest |received - expected|; Infinity where one of the two is NaN or infinite and the other is not the same. */
  maxAbsoluteError: number;
  /** The first number beyond the tolerance, in row-major order; null where there is none. */
  first: Difference | null;
  /** Where the tolerance is exceeded most, or, where it never is, the error is largest; null where there are no numbers. */
  worst: Difference | null;
}

/** Numbers with a shape, in row-major order. */
export interface ShapedNumbers {
  shape: number[];
  values: ArrayLike<number>;
}

/** 0 for what is the same, NaN and infinities included; Infinity where only one of the two is NaN. */
export function absoluteError(expected: number, received: number): number {
  if (Object.is(expected, received) || expected === received) return 0;
  const error = Math.abs(received - expected);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

function indexOf(flat: number, shape: number[]): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    const size = shape[axis] as number;
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

/** Compares numbers of one shape. */
export function compare(
  { shape, values }: ShapedNumbers,
  received: ArrayLike<number>,
  { atol, rtol }: Tolerance,
): Comparison {
  const at = (flat: number): Difference => ({
    index: indexOf(flat, shape),
    expected: values[flat] as number,
    received: received[flat] as number,
  });
  let [maxAbsoluteError, differing, first, worst, worstExcess] = [0, 0, -1, -1, Number.NEGATIVE_INFINITY];
  for (let flat = 0; flat < values.length; flat++) {
    const expected = values[flat] as number;
    const error = absoluteError(expected, received[flat] as number);
    const excess = error - (Number.isFinite(expected) ? atol + rtol * Math.abs(expected) : atol);
    if (excess > worstExcess) [worst, worstExcess] = [flat, excess];
    if (excess > 0) {
      differing++;
      if (first < 0) first = flat;
    }
    maxAbsoluteError = Math.max(maxAbsoluteError, error);
  }
  return {
    passed: differing === 0,
    shape,
    differing,
    maxAbsoluteError,
    first: first < 0 ? null : at(first),
    worst: worst < 0 ? null : at(worst),
  };
}

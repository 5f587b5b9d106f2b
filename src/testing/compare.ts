import type { FixtureTensor } from './fixture.js';

/** A received value counts as equal when |received - expected| <= atol + rtol * |expected|. */
export interface Tolerance {
  /** Absolute. */
  atol: number;
  /** Relative to the expected value. */
  rtol: number;
}

/** One number in which two tensors differ. */
export interface Difference {
  /** Where: one index an axis. */
  index: number[];
  expected: number;
  received: number;
}

export interface Comparison {
  passed: boolean;
  /** Largest |received - expected|; Infinity where one of the two is NaN or infinite and the other is not the same. */
  maxAbsoluteError: number;
  /** Where the tolerance is exceeded most, or, where it never is, the error is largest. */
  worst: Difference;
}

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
  { shape, values }: FixtureTensor,
  received: ArrayLike<number>,
  { atol, rtol }: Tolerance,
): Comparison {
  let maxAbsoluteError = 0;
  let worst = 0;
  let worstExcess = Number.NEGATIVE_INFINITY;
  for (const [flat, expected] of values.entries()) {
    const error = absoluteError(expected, received[flat] as number);
    const excess = error - (Number.isFinite(expected) ? atol + rtol * Math.abs(expected) : atol);
    if (excess > worstExcess) [worst, worstExcess] = [flat, excess];
    maxAbsoluteError = Math.max(maxAbsoluteError, error);
  }
  return {
    passed: worstExcess <= 0,
    maxAbsoluteError,
    worst: {
      index: indexOf(worst, shape),
      expected: values[worst] as number,
      received: received[worst] as number,
    },
  };
}

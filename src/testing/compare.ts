import { aNumber, checkOptions } from '../core/options.js';

/** A received value counts as equal when |received - expected| <= atol + rtol * |expected|. */
export interface Tolerance {
  /** Absolute tolerance; at least 0. Default: 1e-5. */
  atol: number;
  /** Tolerance relative to the expected value; at least 0. Default: 1e-5. */
  rtol: number;
}

export const DEFAULT_TOLERANCE: Tolerance = { atol: 1e-5, rtol: 1e-5 };

/** An infinite tolerance would pass anything but NaN, so that it is no tolerance. */
const A_TOLERANCE = aNumber('a finite number of at least 0', (value) => value >= 0 && Number.isFinite(value));
const TOLERANCE_RULES = { atol: A_TOLERANCE, rtol: A_TOLERANCE };

/**
 * A tolerance with the defaults filled in.
 *
 * @throws RangeError for anything but finite numbers of at least 0, and for misspelt names.
 */
export function toleranceOf(where: string, options: Partial<Tolerance> = {}): Tolerance {
  checkOptions(where, options, TOLERANCE_RULES);
  return { atol: options.atol ?? DEFAULT_TOLERANCE.atol, rtol: options.rtol ?? DEFAULT_TOLERANCE.rtol };
}

/** One number in which two tensors differ. */
export interface Difference {
  /** Its position: one index per axis. */
  index: number[];
  expected: number;
  received: number;
}

/** How a tensor compares with the expected one. */
export interface Comparison {
  passed: boolean;
  /** The shape of what was compared. */
  shape: number[];
  /** How many numbers exceed the tolerance. */
  differing: number;
  /** Largest |received - expected|; Infinity if one of the two is NaN or infinite and the other is not the same. */
  maxAbsoluteError: number;
  /** The first number that exceeds the tolerance, in row-major order; null if there is none. */
  first: Difference | null;
  /** Where the tolerance is exceeded most; if it never is, where the error is largest; null if there are no numbers. */
  worst: Difference | null;
}

/** Numbers with a shape, in row-major order. */
export interface ShapedNumbers {
  shape: number[];
  values: ArrayLike<number>;
}

/** 0 for what is the same, NaN and infinities included; Infinity where only one of the two is NaN. */
function absoluteError(expected: number, received: number): number {
  if (Object.is(expected, received) || expected === received) return 0;
  const error = Math.abs(received - expected);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

/** By how much the error of a number is beyond the tolerance: a number above 0 differs. */
function excessOf(error: number, expected: number, { atol, rtol }: Tolerance): number {
  // NaN and an infinity are near to nothing, and their product with rtol is no bound.
  if (error === Number.POSITIVE_INFINITY) return error;
  return error - (atol + (Number.isFinite(expected) ? rtol * Math.abs(expected) : 0));
}

/** Whether a number is beyond the tolerance. */
export function differs(expected: number, received: number, tolerance: Tolerance): boolean {
  return excessOf(absoluteError(expected, received), expected, tolerance) > 0;
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
  tolerance: Tolerance,
): Comparison {
  const at = (flat: number): Difference => ({
    index: indexOf(flat, shape),
    expected: values[flat] as number,
    received: received[flat] as number,
  });
  let maxAbsoluteError = 0;
  let differing = 0;
  let first = -1;
  let worst = -1;
  let worstExcess = Number.NEGATIVE_INFINITY;
  for (let flat = 0; flat < values.length; flat++) {
    const expected = values[flat] as number;
    const error = absoluteError(expected, received[flat] as number);
    const excess = excessOf(error, expected, tolerance);
    if (excess > worstExcess) {
      worst = flat;
      worstExcess = excess;
    }
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

import { invalidArgument } from '../core/errors.js';
import { requireOptions } from '../core/options.js';

/** A received value counts as equal when |received - expected| <= atol + rtol * |expected|. */
export interface Tolerance {
  /** Absolute. */
  atol: number;
  /** Relative to the expected value. */
  rtol: number;
}

export const DEFAULT_TOLERANCE: Tolerance = { atol: 1e-5, rtol: 1e-5 };

/**
 * A tolerance with the defaults filled in.
 *
 * @throws RangeError for numbers that are none or negative, and for misspelt names.
 */
export function toleranceOf(where: string, options: Partial<Tolerance> = {}): Tolerance {
  requireOptions(where, options, Object.keys(DEFAULT_TOLERANCE));
  const { atol = DEFAULT_TOLERANCE.atol, rtol = DEFAULT_TOLERANCE.rtol } = options;
  for (const [name, value] of Object.entries({ atol, rtol })) {
    if (!(value >= 0)) throw invalidArgument(where, `${name} must be a number of at least 0`, value);
  }
  return { atol, rtol };
}

/** The smallest normal float32. Below it backends differ: some keep subnormals, of ever fewer digits, others flush them to 0. */
export const SMALLEST_NORMAL = 2 ** -126;

/**
 * The smallest norm that a logarithm, a ratio or a slope is taken of. Six binary digits above the smallest normal number:
 * the components that make up most of a vector of this size are still normal, so that all backends agree on it.
 */
export const SMALLEST_NORM = 2 ** -120;

/** A step does not shrink a gradient by as much as this; what is 0 after a norm below is too small, not cut off. */
export const NEAR_SMALLEST_NORM = 2 ** -100;

/** What the sum of products of subnormal numbers may be off by, on a backend that flushes each of them to 0. */
export function roundingOfSubnormals(terms: number): number {
  return 4 * terms * SMALLEST_NORMAL;
}

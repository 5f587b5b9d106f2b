import type { Run } from './problem.js';

/** Below what a tensor's largest element is taken for no smaller: terms that cancel leave the rounding errors of larger ones. */
const LEAST_MAGNITUDE = 0.1;

/**
 * How far a tensor is from what is expected: the largest difference of any two elements, divided by the largest element
 * expected. 0 where all are equal.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, leastMagnitude = 0): number {
  expect(actual).toHaveLength(expected.length);
  let [difference, largest] = [0, leastMagnitude];
  for (let n = 0; n < expected.length; n++) {
    const distance = Math.abs((actual[n] as number) - (expected[n] as number));
    // Not Math.max alone: what cannot be compared is as far apart as can be.
    difference = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(expected[n] as number));
  }
  return difference === 0 ? 0 : difference / largest;
}

/** Asserts that two runs have the same results and gradients, but for relative errors. */
export function expectRunsClose(actual: Run, expected: Run, largest: { results: number; gradients: number }): void {
  for (const part of ['results', 'gradients'] as const) {
    const [received, wanted] = [actual[part], expected[part]] as Record<string, ArrayLike<number>>[];
    expect(Object.keys(received as object).sort()).toEqual(Object.keys(wanted as object).sort());
    for (const [name, values] of Object.entries(wanted as Record<string, ArrayLike<number>>)) {
      const error = relativeError(
        (received as Record<string, ArrayLike<number>>)[name] as ArrayLike<number>,
        values,
        LEAST_MAGNITUDE,
      );
      if (!(error <= largest[part])) {
        throw new Error(`${part}.${name} has a relative error of ${error}, allowed are ${largest[part]}`);
      }
    }
  }
}

import * as tf from '@tensorflow/tfjs';

/** One way to compute something. */
export interface Contestant {
  name: string;
  /** Computes, and reads back what a user would read. */
  run: () => unknown;
  /** Runs, and tells the milliseconds itself: for what runs in another process, where a clock here would count the way there. */
  timedRun?: () => Promise<number>;
  /** All that it computes, so that it can be compared. */
  results: () => Promise<Float32Array[]>;
  /** What the last run ran on, where that is chosen while it runs. */
  implementation?: () => string;
}

/** Two ways to compute the same. */
export interface Duel {
  baseline: Contestant;
  candidate: Contestant;
}

/** Computes with tensors; the first one is read back in every run. */
export function tensorContestant(name: string, compute: () => tf.Tensor[]): Contestant {
  return {
    name,
    run: () =>
      tf.tidy(() => {
        compute()[0]?.dataSync();
      }),
    results: async () => {
      const tensors = tf.tidy(compute);
      const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
      tf.dispose(tensors);
      return values;
    },
  };
}

/** Most by which contestants may differ, relative to the largest value of a result. */
const TOLERANCE = 1e-5;

/** @throws Error when the contestants' results differ. */
export async function requireAgreement(where: string, { baseline, candidate }: Duel): Promise<void> {
  const [expected, actual] = [await baseline.results(), await candidate.results()];
  const names = `${baseline.name} and ${candidate.name}`;
  if (expected.length !== actual.length) {
    const numbers = `${expected.length} and ${actual.length}`;
    throw new Error(`${where}: ${names} must have equally many results, got ${numbers}`);
  }
  for (const [index, values] of expected.entries()) {
    const difference = relativeDifference(values, actual[index]);
    if (!(difference <= TOLERANCE)) {
      throw new Error(`${where}: result ${index} of ${names} must agree to ${TOLERANCE}, differs by ${difference}`);
    }
  }
}

/** The largest difference over the largest expected value; infinite where the lengths differ, NaN where a value is. */
export function relativeDifference(expected: Float32Array, actual: Float32Array | undefined): number {
  if (actual?.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [largest, difference] = [0, 0];
  for (const [index, value] of expected.entries()) {
    // Math.max keeps a NaN.
    largest = Math.max(largest, Math.abs(value));
    difference = Math.max(difference, Math.abs(value - (actual[index] as number)));
  }
  return difference === 0 ? 0 : difference / largest;
}

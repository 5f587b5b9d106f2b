import fc from 'fast-check';
import type { FusedKernel } from '../../../src/fused/fused-kernel.js';
import { float64Run } from './float64-run.js';
import { cotangentsOf, type Problem, problems } from './problem.js';
import { expectRunsClose } from './relative-error.js';
import { inferenceRun, tensorRun } from './tensor-run.js';

/** How far a kernel's results and gradients may be from float64. */
export const ACCURACY = { results: 1e-6, gradients: 1e-5 };

/** Holds a kernel, and the reference, to float64 on the current backend. */
export function expectAgreement(kernel: FusedKernel | null, problem: Problem, accuracy = ACCURACY): void {
  const cotangents = cotangentsOf(problem);
  const expected = float64Run(problem, cotangents);
  // On either side of a kink, rounding decides which gradient there is.
  if (expected.distanceFromKink < 1e-5) return;
  const run = tensorRun(kernel, problem, cotangents);
  expectRunsClose(run, expected, accuracy);
  // What is kept for the backward pass changes nothing.
  expect(inferenceRun(kernel, problem)).toEqual(run.results);
}

export function expectAgreementOnRandomProblems(
  kernel: FusedKernel | null,
  largest: number,
  numRuns: number,
  accuracy = ACCURACY,
): void {
  const property = fc.property(problems(largest), (problem) => expectAgreement(kernel, problem, accuracy));
  fc.assert(property, { numRuns });
}

/** @jest-environment ./test/support/webgpu-environment.cjs */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { WebGPUKernel } from '../../../src/fused/webgpu/webgpu-kernel.js';
import { destroyDevice, deviceErrors, useWebGPU } from '../../support/webgpu.js';
import { float64Run } from '../support/float64-run.js';
import { cotangentsOf, PLAIN_PROBLEM, type Problem, problems } from '../support/problem.js';
import { expectRunsClose } from '../support/relative-error.js';
import { tensorRunInTime } from '../support/tensor-run.js';
import { WEBGPU_ACCURACY, WEBGPU_PROBLEMS } from './problems.js';

// Programs are compiled for the processor where there is no graphics card.
jest.setTimeout(120_000);

let errors: string[];

beforeAll(async () => {
  await useWebGPU();
  errors = deviceErrors();
});
afterEach(() => expect(errors).toEqual([]));
afterAll(() => destroyDevice());

async function expectAgreement(kernel: WebGPUKernel | null, problem: Problem): Promise<void> {
  const cotangents = cotangentsOf(problem);
  const expected = float64Run(problem, cotangents);
  // On either side of where a hard sigmoid is clipped, rounding decides whether there is a gradient.
  if (problem.recurrentActivation === 'hardSigmoid' && expected.distanceFromKink < 1e-5) return;
  const before = tf.memory().numTensors;
  const run = await tensorRunInTime(kernel, problem, cotangents);
  expect(tf.memory().numTensors).toBe(before);
  expectRunsClose(run, expected, WEBGPU_ACCURACY);
}

test.each(WEBGPU_PROBLEMS.map(([changes, mostWork], n) => [changes, mostWork, n] as const))(
  'The fused kernel of webgpu computes what float64 computes, forward and backward, in %j',
  (changes, mostWork, n) => expectAgreement(new WebGPUKernel(mostWork), { ...PLAIN_PROBLEM, seed: 31 + n, ...changes }),
);

test('It does so in random problems, cut into random pieces', async () => {
  const property = fc.asyncProperty(problems(9), fc.integer({ min: 1, max: 3000 }), (problem, mostWork) =>
    expectAgreement(new WebGPUKernel(mostWork), problem),
  );
  await fc.assert(property, { numRuns: 6 });
});

test('The reference does so on webgpu, too', () => expectAgreement(null, { ...PLAIN_PROBLEM, mask: 'with holes' }));

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { ModuleKernel } from '../../../src/fused/tensorflow/module-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { expectAgreement } from '../support/agreement.js';
import { cotangentsOf, dataOf, PLAIN_PROBLEM, type Problem, problems } from '../support/problem.js';
import { expectRunsClose } from '../support/relative-error.js';
import { tensorRun } from '../support/tensor-run.js';

const KERNEL = new ModuleKernel(() => true);
const EVERYTHING: Problem = {
  ...PLAIN_PROBLEM,
  mask: 'with holes',
  inputMasks: 4,
  recurrentMasks: 4,
  goBackwards: true,
};

beforeAll(() => useBackend('tensorflow'));
afterEach(() => jest.restoreAllMocks());

describe("The module with TensorFlow's products", () => {
  test('differentiates what a float64 loop does, whatever the sizes and options', () => {
    fc.assert(
      fc.property(problems(24), (one) => expectAgreement(KERNEL, one)),
      { numRuns: 40 },
    );
  });

  test('reads nothing at masked steps', () => {
    const one: Problem = { ...PLAIN_PROBLEM, batch: 4, timesteps: 7, mask: 'with holes' };
    const data = dataOf(one);
    const spoilt = { ...data, x: data.x.map((value, n) => (data.mask?.[Math.floor(n / one.features)] ? value : NaN)) };
    expect(spoilt.x.some(Number.isNaN)).toBe(true);
    const run = (given: typeof data) => tensorRun(KERNEL, one, cotangentsOf(one), given);
    expectRunsClose(run(spoilt), run(data), { results: 1e-7, gradients: 1e-7 });
  });

  test('has TensorFlow compute them only where it is to', () => {
    const products = jest.spyOn(
      tf.backend() as unknown as { executeSingleOutput: () => unknown },
      'executeSingleOutput',
    );
    const countOf = (kernel: ModuleKernel) => {
      products.mockClear();
      tensorRun(kernel, EVERYTHING, cotangentsOf(EVERYTHING));
      return products.mock.calls.filter(([name]: string[]) => name === 'BatchMatMulV2').length;
    };
    expect(countOf(KERNEL)).toBeGreaterThan(0);
    expect(countOf(new ModuleKernel(() => false))).toBe(0);
  });

  test('leaves no tensor and no data behind', () => {
    const run = () => void tensorRun(KERNEL, EVERYTHING, cotangentsOf(EVERYTHING));
    run();
    const held = () => [tf.memory().numTensors, (tf.backend() as unknown as { numDataIds(): number }).numDataIds()];
    const before = held();
    run();
    expect(held()).toEqual(before);
  });
});

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { FusedProblem } from '../../../src/fused/fused-kernel.js';
import { StepsKernel } from '../../../src/fused/tensorflow/steps-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { ACCURACY, expectAgreement } from '../support/agreement.js';
import { float64Run } from '../support/float64-run.js';
import { FUSED_PROBLEM } from '../support/fused-problem.js';
import { cotangentsOf, dataOf, PLAIN_PROBLEM, type Problem, problems } from '../support/problem.js';
import { expectRunsClose } from '../support/relative-error.js';
import { inferenceRun, tensorRun } from '../support/tensor-run.js';

const KERNEL = new StepsKernel();
const PROBLEM: FusedProblem = { ...FUSED_PROBLEM, keepsGates: true, takesGradients: true };

/** Without what the kernel refuses. */
const problem: fc.Arbitrary<Problem> = problems(24).map((one) => ({
  ...one,
  recurrentMasks: 0,
  inputMasks: one.inputMasks === 4 ? 1 : one.inputMasks,
}));

interface NativeBackend extends tf.KernelBackend {
  runSavedModel(session: number, inputs: tf.Tensor[], places: object[], outputs: string[]): tf.Tensor[];
  numDataIds(): number;
}
const nativeBackend = () => tf.backend() as NativeBackend;

beforeAll(() => useBackend('tensorflow'));
afterEach(() => jest.restoreAllMocks());

describe("The scan by TensorFlow's ops, step by step,", () => {
  test('computes and differentiates what a float64 loop does, whatever the sizes and options', () => {
    fc.assert(
      fc.property(problem, (one) => expectAgreement(KERNEL, one)),
      { numRuns: 60 },
    );
  });

  test('computes the same with a row for each unit, as for large batches, whatever the other sizes and options', () => {
    const large = fc.tuple(problem, fc.integer({ min: 32, max: 40 }), fc.integer({ min: 8, max: 12 }));
    fc.assert(
      fc.property(large, ([one, batch, timesteps]) => {
        const inference = { ...one, batch, timesteps, keepGates: false };
        const expected = float64Run(inference, cotangentsOf(inference));
        const results = inferenceRun(KERNEL, inference);
        expectRunsClose({ results, gradients: {} }, { results: expected.results, gradients: {} }, ACCURACY);
      }),
      { numRuns: 40 },
    );
  });

  test.each(['sigmoid', 'hardSigmoid'] as const)('reads nothing at masked steps, with %s', (recurrentActivation) => {
    const one: Problem = { ...PLAIN_PROBLEM, batch: 4, timesteps: 7, mask: 'with holes', recurrentActivation };
    const data = dataOf(one);
    const spoilt = { ...data, x: data.x.map((value, n) => (data.mask?.[Math.floor(n / one.features)] ? value : NaN)) };
    expect(spoilt.x.some(Number.isNaN)).toBe(true);
    const run = (given: typeof data) => tensorRun(KERNEL, one, cotangentsOf(one), given);
    expectRunsClose(run(spoilt), run(data), { results: 1e-7, gradients: 1e-7 });
  });

  test('leaves no tensor and no data behind', () => {
    const one: Problem = { ...PLAIN_PROBLEM, mask: 'with holes', inputMasks: 1, recurrentActivation: 'hardSigmoid' };
    const run = () => void tensorRun(KERNEL, one, cotangentsOf(one));
    run();
    const held = () => [tf.memory().numTensors, nativeBackend().numDataIds()];
    const before = held();
    run();
    expect(held()).toEqual(before);
  });
});

test.each([
  [{ activation: 'relu' }, "TensorFlow's ops support only sigmoid or hardSigmoid, and tanh"],
  [{ recurrentActivation: 'tanh' }, "TensorFlow's ops support only sigmoid or hardSigmoid, and tanh"],
  [{ hasRecurrentDropout: true }, "TensorFlow's ops do not support dropout of the hidden state"],
  [{ additions: ['peepholes'] as const }, "TensorFlow's ops are not run with peepholes"],
])('Refuses %j', (changes, reason) => {
  expect(KERNEL.refusal({ ...PROBLEM, ...changes })).toBe(reason);
});

test.each([{}, { isMasked: true }, { recurrentActivation: 'hardSigmoid' }])('Takes %j', (changes) => {
  expect(KERNEL.refusal({ ...PROBLEM, ...changes })).toBe(null);
});

describe.each(['sigmoid', 'hardSigmoid'])('Where a graph with %s', (recurrentActivation) => {
  const reason = "this version of tfjs-node does not run TensorFlow's ops as they are known";
  const asked = { ...PROBLEM, recurrentActivation };

  test.each([
    ['forward', 'samples/h:0'],
    ['for inference', 'units/h:0'],
    ['backward', 'backward/every_dZ:0'],
    ['backward', 'backward/dH0:0'],
    ['backward', 'backward/dC0:0'],
  ])('computes something else %s, %s, the kernel refuses', (_, output) => {
    const backend = nativeBackend();
    const original = backend.runSavedModel.bind(backend);
    jest.spyOn(backend, 'runSavedModel').mockImplementation((...call) => {
      const results = original(...call);
      return results.map((result, n) => (call[3][n] === output ? tf.mul(result, 1.01) : result));
    });
    expect(new StepsKernel().refusal(asked)).toBe(reason);
  });

  test('does not run, the kernel refuses', () => {
    jest.spyOn(nativeBackend(), 'runSavedModel').mockImplementation(() => {
      throw new Error('no such graph');
    });
    expect(new StepsKernel().refusal(asked)).toBe(reason);
  });
});

test('Without gradients, the way back is not checked', () => {
  const run = jest.spyOn(nativeBackend(), 'runSavedModel');
  const asked = { ...PROBLEM, takesGradients: false };
  const kernel = new StepsKernel();
  expect([kernel.refusal(asked), kernel.refusal(asked)]).toEqual([null, null]);
  const outputs = run.mock.calls.flatMap(([, , , names]) => names);
  expect(outputs.filter((name) => name.startsWith('backward'))).toEqual([]);
  expect(run.mock.calls).toHaveLength(2);
});

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { FusedKernel, FusedOptions, ResultGradients } from '../../../src/fused/fused-kernel.js';
import { ModuleKernel } from '../../../src/fused/tensorflow/module-kernel.js';
import { StepsKernel } from '../../../src/fused/tensorflow/steps-kernel.js';
import { TensorFlowKernel } from '../../../src/fused/tensorflow/tensorflow-kernel.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';
import { PLAIN_PROBLEM, type Problem, problems, recordedInputsOf } from '../support/problem.js';
import { expectAgreement } from './sequences.js';

/** Of results that are off by rounding alone, relative to the largest value of each, and to 1: half as much in 3,000 random cases. */
const TOLERANCE = 1e-5;

const someProblem = problems(9).map(
  (one): Problem => ({
    ...one,
    inputMasks: one.inputMasks === 0 ? 0 : 1,
    recurrentMasks: 0,
  }),
);

function gradientsOf({ batch, timesteps, units, seed, keepOutputs, keepGates }: Problem): ResultGradients {
  const state = (n: number) => randomTensor<tf.Rank.R2>([batch, units], seed + n);
  const sequence = (n: number) => randomTensor<tf.Rank.R3>([batch, timesteps, units], seed + n);
  const [i, f, g, o, c] = [14, 15, 16, 17, 18].map(sequence) as [
    tf.Tensor3D,
    tf.Tensor3D,
    tf.Tensor3D,
    tf.Tensor3D,
    tf.Tensor3D,
  ];
  return {
    lastOutput: state(10),
    h: state(11),
    c: state(12),
    outputs: keepOutputs ? sequence(13) : null,
    gates: keepGates ? { i, f, g, o, c } : null,
  };
}

/** All that a kernel tells of its way back, by name. */
function goBack(fusedKernel: FusedKernel, problem: Problem): Record<string, tf.Tensor> {
  const inputs = recordedInputsOf(problem);
  const options: FusedOptions = problem;
  const { saved } = fusedKernel.forward(inputs, options, true);
  const given = gradientsOf(problem);
  const { kernel, recurrentKernel, bias, dZ, ...others } = (fusedKernel as Required<FusedKernel>).backwardBySteps(
    inputs,
    options,
    saved,
    given,
  );
  const named: Record<string, tf.Tensor> = { ...others };
  for (const [name, gates] of Object.entries({ kernel, recurrentKernel, bias, dZ })) {
    for (const [gate, tensor] of Object.entries<tf.Tensor>(gates ?? {})) named[`${name}.${gate}`] = tensor;
  }
  return named;
}

function expectSame(fusedKernel: FusedKernel, problem: Problem): void {
  tf.tidy(() => {
    const expected = goBack(new WasmKernel(), problem);
    const received = goBack(fusedKernel, problem);
    const inOrder: typeof received = {};
    for (const name of Object.keys(expected)) inOrder[name] = received[name] as tf.Tensor;
    expect(Object.keys(received).sort()).toEqual(Object.keys(expected).sort());
    expectAgreement(inOrder, expected, TOLERANCE);
  });
}

beforeAll(() => useBackend('tensorflow'));

describe('What the way back comes by is what the WebAssembly module tells', () => {
  test("by TensorFlow's ops step by step, whatever the sizes, the mask and the options", () => {
    fc.assert(
      fc.property(someProblem, (problem) => expectSame(new StepsKernel(), problem)),
      { numRuns: 40 },
    );
  });

  test("by the module itself with TensorFlow's products, whatever the sizes, the masks and the options", () => {
    fc.assert(
      fc.property(problems(9), (problem) => expectSame(new ModuleKernel(() => true), problem)),
      { numRuns: 40 },
    );
  });

  test("by TensorFlow's LSTM op, whatever the sizes and the options", () => {
    const problem = someProblem.map((one): Problem => ({ ...one, mask: 'none', recurrentActivation: 'sigmoid' }));
    fc.assert(
      fc.property(problem, (one) => expectSame(new TensorFlowKernel(), one)),
      { numRuns: 40 },
    );
  });
});

test.each([
  ['step by step', new StepsKernel(), { ...PLAIN_PROBLEM, mask: 'with holes', recurrentActivation: 'hardSigmoid' }],
  ['in the LSTM op', new TensorFlowKernel(), PLAIN_PROBLEM],
  ['for products alone', new ModuleKernel(() => true), { ...PLAIN_PROBLEM, mask: 'with holes', recurrentMasks: 4 }],
] as [string, FusedKernel, Problem][])(
  'The way back of ops %s leaves nothing behind',
  (_title, fusedKernel, problem) => {
    tf.tidy(() => {
      const inputs = recordedInputsOf(problem);
      const given = gradientsOf(problem);
      const { saved } = fusedKernel.forward(inputs, problem, true);
      const before = tf.memory().numTensors;
      const told = (fusedKernel as Required<FusedKernel>).backwardBySteps(inputs, problem, saved, given);
      tf.dispose(told as unknown as tf.TensorContainer);
      expect(tf.memory().numTensors).toBe(before);
    });
  },
);

import * as tf from '@tensorflow/tfjs';
import type { FusedInputs } from '../../../src/fused/fused-kernel.js';
import { runFused } from '../../../src/fused/run-fused.js';
import { StepsKernel } from '../../../src/fused/tensorflow/steps-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';

const [B, T, D, U] = [32, 8, 3, 5] as const;
const KERNEL = new StepsKernel();

interface NativeBackend extends tf.KernelBackend {
  runSavedModel(session: number, inputs: unknown[], places: { name: string }[], outputs: string[]): tf.Tensor[];
  numDataIds(): number;
}
const nativeBackend = () => tf.backend() as NativeBackend;

function inputsOf(seed: number): FusedInputs {
  return {
    x: randomTensor([B, T, D], seed) as tf.Tensor3D,
    h0: null,
    c0: null,
    kernel: randomTensor([D, 4 * U], seed + 1) as tf.Tensor2D,
    recurrentKernel: randomTensor([U, 4 * U], seed + 2) as tf.Tensor2D,
    bias: randomTensor([4 * U], seed + 3) as tf.Tensor1D,
    mask: null,
    inputDropoutMasks: [],
    recurrentDropoutMasks: [],
  };
}

/** With copies of the weights, of which nothing is kept. */
function fresh(inputs: FusedInputs): FusedInputs {
  const copy = <T extends tf.Tensor>(weights: T) => tf.tensor(weights.dataSync().slice(), weights.shape) as T;
  return {
    ...inputs,
    kernel: copy(inputs.kernel),
    recurrentKernel: copy(inputs.recurrentKernel),
    bias: inputs.bias && copy(inputs.bias),
  };
}

function lastOutput(inputs: FusedInputs, recurrentActivation = 'hardSigmoid'): tf.Tensor {
  const options = { activation: 'tanh', goBackwards: false, zeroOutputForMask: false, keepOutputs: false };
  return runFused(KERNEL, inputs, { ...options, recurrentActivation, keepGates: false }).lastOutput;
}

/** Data that outlast a call. */
function dataLeft(run: () => void): number {
  const before = nativeBackend().numDataIds();
  tf.tidy(run);
  return nativeBackend().numDataIds() - before;
}

beforeAll(() => useBackend('tensorflow'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());
afterEach(() => jest.restoreAllMocks());

test('The transposed weights are kept from the second call on, are no tensor, and go with the weights', () => {
  const inputs = inputsOf(10);
  const expected = lastOutput(fresh(inputs)).dataSync();
  const tensors = tf.memory().numTensors;
  const left = [0, 1, 2, 3].map(() => dataLeft(() => expectClose(lastOutput(inputs), tf.tensor(expected, [B, U]), 0)));
  expect(left).toEqual([0, 1, 0, 0]);
  expect(tf.memory().numTensors).toBe(tensors);
  inputs.recurrentKernel.dispose();
  expect(dataLeft(() => void lastOutput(inputsOf(20)))).toBe(-1);
});

test('Kept weights are not transposed again', () => {
  const inputs = inputsOf(30);
  for (let call = 0; call < 2; call++) lastOutput(inputs);
  const run = jest.spyOn(nativeBackend(), 'runSavedModel');
  for (let call = 0; call < 2; call++) lastOutput(inputs);
  const given = run.mock.calls.map(
    ([, all, places]) => all[places.findIndex(({ name }) => name === 'units/weights:0')],
  );
  expect(given).toHaveLength(2);
  expect(new Set(given).size).toBe(1);
});

test.each(['kernel', 'recurrentKernel', 'bias'] as const)('A new %s is computed with', (name) => {
  const inputs = inputsOf(40);
  for (let call = 0; call < 2; call++) lastOutput(inputs);
  const changed = { ...inputs, [name]: randomTensor(inputs[name]?.shape as number[], 50) };
  for (let call = 0; call < 3; call++) {
    expectClose(lastOutput(changed), lastOutput(fresh(changed)), 0);
    expectClose(lastOutput(inputs), lastOutput(fresh(inputs)), 0);
  }
});

test('The same weights serve both recurrent activations in turn', () => {
  const inputs = inputsOf(60);
  for (let call = 0; call < 3; call++) {
    for (const name of ['sigmoid', 'hardSigmoid']) {
      expectClose(lastOutput(inputs, name), lastOutput(fresh(inputs), name), 0);
    }
  }
});

import * as tf from '@tensorflow/tfjs';
import type { FusedProblem } from '../../../src/fused/fused-kernel.js';
import { TensorFlowKernel } from '../../../src/fused/tensorflow/tensorflow-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { FUSED_PROBLEM } from '../support/fused-problem.js';

const PROBLEM: FusedProblem = { ...FUSED_PROBLEM, keepsGates: true, takesGradients: true };
const REASON = "this version of tfjs-node does not run TensorFlow's LSTM ops";

interface NativeBackend extends tf.KernelBackend {
  executeMultipleOutputs(name: string, attributes: object[], inputs: tf.Tensor[], outputs: number): tf.Tensor[];
  runSavedModel(session: number, inputs: tf.Tensor[], places: object[], outputs: string[]): tf.Tensor[];
  numDataIds(): number;
}
const nativeBackend = () => tf.backend() as NativeBackend;

/** Lets the results of one op pass through a function. */
function distort(op: string, change: (outputs: tf.Tensor[]) => tf.Tensor[]): jest.SpyInstance {
  const backend = nativeBackend();
  const original = backend.executeMultipleOutputs.bind(backend);
  return jest.spyOn(backend, 'executeMultipleOutputs').mockImplementation((name, ...others) => {
    const outputs = original(name, ...others);
    return name === op ? change(outputs) : outputs;
  });
}

beforeAll(() => useBackend('tensorflow'));
afterEach(() => jest.restoreAllMocks());

test("TensorFlow's ops are right here", () => {
  expect(new TensorFlowKernel().refusal(PROBLEM)).toBe(null);
});

test.each(['BlockLSTMV2', 'BlockLSTMGradV2'])('Where %s is not there, the kernel refuses', (op) => {
  distort(op, () => {
    throw new Error(`no op ${op}`);
  });
  expect(new TensorFlowKernel().refusal(PROBLEM)).toBe(REASON);
});

test.each(['BlockLSTMV2', 'BlockLSTMGradV2'])('Where %s computes something else, the kernel refuses', (op) => {
  distort(op, (outputs) => outputs.map((output) => tf.mul(output, 1.001)));
  expect(new TensorFlowKernel().refusal(PROBLEM)).toBe(REASON);
});

test('Where the way back by steps computes something else, the kernel refuses gradients alone', () => {
  const backend = nativeBackend();
  const original = backend.runSavedModel.bind(backend);
  jest
    .spyOn(backend, 'runSavedModel')
    .mockImplementation((...call) => original(...call).map((result) => tf.mul(result, 1.001)));
  const kernel = new TensorFlowKernel();
  expect(kernel.refusal(PROBLEM)).toBe(REASON);
  expect(kernel.refusal({ ...PROBLEM, takesGradients: false })).toBe(null);
});

test('Where the backend takes no int64, the kernel refuses', () => {
  jest.spyOn(nativeBackend(), 'write').mockImplementation(() => {
    throw new Error('Unknown dtype: int64');
  });
  expect(new TensorFlowKernel().refusal(PROBLEM)).toBe(REASON);
});

test('A kernel asks TensorFlow once, and leaves nothing behind', () => {
  const kernel = new TensorFlowKernel();
  const held = () => [tf.memory().numTensors, nativeBackend().numDataIds()];
  const before = held();
  kernel.refusal(PROBLEM);
  expect(held()).toEqual(before);
  const execute = jest.spyOn(nativeBackend(), 'executeMultipleOutputs');
  kernel.refusal(PROBLEM);
  expect(execute).not.toHaveBeenCalled();
});

test('A failed check leaves nothing behind either', () => {
  const held = () => [tf.memory().numTensors, nativeBackend().numDataIds()];
  const before = held();
  distort('BlockLSTMGradV2', () => {
    throw new Error('no such op');
  });
  new TensorFlowKernel().refusal(PROBLEM);
  expect(held()).toEqual(before);
});

test.each([
  [{ recurrentActivation: 'hardSigmoid' }, "TensorFlow's ops support only sigmoid and tanh"],
  [{ activation: 'relu' }, "TensorFlow's ops support only sigmoid and tanh"],
  [{ isMasked: true }, "TensorFlow's ops do not support masks"],
  [{ hasRecurrentDropout: true }, "TensorFlow's ops do not support dropout of the hidden state"],
])('Refuses %j', (changes, reason) => {
  expect(new TensorFlowKernel().refusal({ ...PROBLEM, ...changes })).toBe(reason);
});

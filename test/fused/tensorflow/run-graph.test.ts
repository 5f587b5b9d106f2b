import * as tf from '@tensorflow/tfjs';
import type { runGraph } from '../../../src/fused/tensorflow/run-graph.js';
import { forwardGraphs } from '../../../src/fused/tensorflow/step-graphs.js';
import { useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';

interface NativeBackend extends tf.KernelBackend {
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  numDataIds(): number;
}
const nativeBackend = () => tf.backend() as NativeBackend;

/** The function of another copy of the package, with the same TensorFlow.js. */
function freshRun(): typeof runGraph {
  let fresh = {} as { runGraph: typeof runGraph };
  jest.isolateModules(() => {
    jest.doMock('@tensorflow/tfjs', () => tf);
    fresh = require('../../../src/fused/tensorflow/run-graph.js') as typeof fresh;
  });
  return fresh.runGraph;
}

const KIND = { isHard: true, isMasked: false };
const OUTPUTS = ['h'];

/** One step from a state of zeros by weights of zeros, with the bias alone. */
const inputs = (bias: number[]) => ({
  projected: tf.zeros([1, 1, 4]),
  weights: tf.zeros([1, 4]),
  bias: tf.tensor1d(bias),
  timesteps: tf.scalar(1, 'int32'),
  h0: tf.zeros([1, 1]),
  c0: tf.zeros([1, 1]),
});

beforeAll(() => useBackend('tensorflow'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());
afterEach(() => jest.restoreAllMocks());

test('The graphs of a kind are loaded once, and leave nothing but their results', () => {
  const run = freshRun();
  const load = jest.spyOn(nativeBackend(), 'loadSavedModelMetaGraph');
  const given = inputs([3, 4.5, 0.25, 1.5]);
  const held = () => [tf.memory().numTensors, nativeBackend().numDataIds()] as const;
  const before = held();
  const expected = (0.2 * -1 + 0.5) * Math.tanh((0.2 * 0.5 + 0.5) * Math.tanh(0.25));
  for (let call = 0; call < 3; call++) {
    const results = run(forwardGraphs, KIND, 'samples', given, OUTPUTS);
    expectClose(results[0] as tf.Tensor, tf.tensor2d([[expected]]), 1e-6);
    tf.dispose(results);
  }
  expect(load).toHaveBeenCalledTimes(1);
  expect(held()).toEqual([before[0] + 3, before[1] + 3]);
  run(forwardGraphs, { ...KIND, isMasked: true }, 'samples', { ...given, valid: tf.ones([1, 1, 1], 'bool') }, OUTPUTS);
  expect(load).toHaveBeenCalledTimes(2);
});

test('Two copies of the package load graphs from folders of their own', () => {
  const load = jest.spyOn(nativeBackend(), 'loadSavedModelMetaGraph');
  const given = inputs([3, 4.5, 0.25, 1.5]);
  const [first] = freshRun()(forwardGraphs, KIND, 'samples', given, OUTPUTS);
  const [second] = freshRun()(forwardGraphs, KIND, 'samples', given, OUTPUTS);
  expectClose(second as tf.Tensor, first as tf.Tensor, 0);
  expect(new Set(load.mock.calls.map(([folder]) => folder)).size).toBe(2);
});

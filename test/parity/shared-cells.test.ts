import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 4, 3, 3];
const x = () => randomTensor([BATCH, TIMESTEPS, FEATURES], 1);

/** Trains a layer by one step, and asserts that its kernel has changed, by the gradient of all its uses. */
function expectTrains(apply: (x: tf.Tensor) => tf.Tensor, kernel: tf.LayerVariable): void {
  const before = kernel.read().dataSync().slice();
  const optimizer = tf.train.sgd(0.1);
  optimizer.minimize(() => tf.mean(tf.square(apply(x()))) as tf.Scalar);
  expect(kernel.read().dataSync()).not.toEqual(before);
}

describe.each(NODE_BACKENDS)('On %s', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('a cell that was built by hand keeps its weights in tf.layers.rnn, and is trained there', () => {
    const cell = lstmCell({ units: UNITS });
    cell.build([null, FEATURES]);
    randomizeWeights(cell, 5);
    const { kernel } = cell;
    const layer = tf.layers.rnn({ cell });
    const output = layer.apply(x()) as tf.Tensor;
    expect(cell.kernel).toBe(kernel);
    const twin = lstm({ units: UNITS });
    twin.build([null, TIMESTEPS, FEATURES]);
    twin.setWeights(cell.getWeights());
    expectClose(twin.apply(x()) as tf.Tensor, output);
    expect(layer.trainableWeights).toHaveLength(3);
    expectTrains((input) => layer.apply(input) as tf.Tensor, kernel);
  });

  test('one cell in two layers has one set of weights, which both train', () => {
    const cell = lstmCell({ units: UNITS });
    const [whole, last] = [tf.layers.rnn({ cell, returnSequences: true }), tf.layers.rnn({ cell })];
    const sequence = whole.apply(x()) as tf.Tensor;
    expectClose(last.apply(x()) as tf.Tensor, tf.squeeze(tf.slice(sequence, [0, TIMESTEPS - 1], [-1, 1]), [1]));
    expect(whole.weights).toEqual(last.weights);
    expectTrains((input) => last.apply(whole.apply(input) as tf.Tensor) as tf.Tensor, cell.kernel);
  });

  test('one cell twice in a stack runs twice at each step, on one set of weights', () => {
    const cell = lstmCell({ units: UNITS });
    const stack = tf.layers.rnn({ cell: [cell, cell], returnSequences: true });
    const stacked = stack.apply(x()) as tf.Tensor;
    const one = tf.layers.rnn({ cell, returnSequences: true });
    expectClose(stacked, one.apply(one.apply(x()) as tf.Tensor) as tf.Tensor);
    expect(new Set(stack.trainableWeights).size).toBe(3);
    expectTrains((input) => stack.apply(input) as tf.Tensor, cell.kernel);
  });

  test('a layer that was applied may be built by hand, for the same D alone', () => {
    const layer = lstm({ units: UNITS, name: 'memory' });
    const output = layer.apply(x()) as tf.Tensor;
    layer.build([null, TIMESTEPS, FEATURES]);
    expectClose(layer.apply(x()) as tf.Tensor, output, 0);
    expect(layer.weights).toHaveLength(3);
    expect(() => layer.build([null, TIMESTEPS, FEATURES + 1])).toThrow(
      /^LSTM\.build: the input shape must be \[B, T, D\] with D = 3, as the layer was built, got \[null, 4, 4\] \(layer 'memory'\)/,
    );
    expectTrains((input) => layer.apply(input) as tf.Tensor, layer.cell.kernel);
  });

  test('a cell is not built for another D', () => {
    const cell = lstmCell({ units: UNITS, name: 'memory' });
    cell.build([null, FEATURES]);
    expect(() => tf.layers.rnn({ cell }).apply(tf.ones([BATCH, TIMESTEPS, FEATURES + 1]))).toThrow(
      /^LSTMCell\.build: the last dimension of the input must be 3, as the cell was built, got \[2, 4\] \(layer 'memory'\)/,
    );
  });
});

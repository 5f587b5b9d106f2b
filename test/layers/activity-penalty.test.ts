import * as tf from '@tensorflow/tfjs';
import { type LSTM, lstm } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { asList } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function penalizedLayer(args: object = {}): LSTM {
  const layer = lstm({ units: UNITS, activityRegularizer: tf.regularizers.l1({ l1: 1 }), ...args });
  layer.apply(tf.input({ shape: [TIMESTEPS, FEATURES] }));
  randomizeWeights(layer, 5);
  return layer;
}

const input = (seed: number) => randomTensor([BATCH, TIMESTEPS, FEATURES], seed);
const states = (seed: number) => [randomTensor([BATCH, UNITS], seed), randomTensor([BATCH, UNITS], seed + 1)];
const train = (layer: LSTM, x: tf.Tensor, kwargs: object = {}) =>
  asList(layer.apply(x, { training: true, ...kwargs }) as tf.Tensor | tf.Tensor[]);

function expectPenalty(layer: LSTM, outputs: tf.Tensor[]): void {
  const [penalty] = layer.calculateLosses() as [tf.Tensor];
  const expected = outputs.reduce((sum, output) => sum + (tf.sum(tf.abs(output)).dataSync()[0] as number), 0) / BATCH;
  expect(penalty.dataSync()[0]).toBeCloseTo(expected, 4);
}

test('Calls of other inputs, or of other states of the same input, are all penalized', () => {
  const layer = penalizedLayer();
  const [x, other, from] = [input(1), input(2), states(3)];
  const calls = [
    train(layer, x),
    train(layer, other),
    train(layer, x, { initialState: from }),
    train(layer, other, { initialState: from }),
    train(layer, x, { initialState: [...from].reverse() }),
    train(layer, x, { initialState: states(7) }),
  ];
  expectPenalty(layer, calls.flat());
});

test('The same call counts once, however often it is made', () => {
  const layer = penalizedLayer();
  const [x, initialState] = [input(1), states(3)];
  const once = [...train(layer, x), ...train(layer, x, { initialState })];
  for (let again = 0; again < 2; again++) {
    train(layer, x);
    train(layer, x, { initialState });
  }
  expectPenalty(layer, once);
});

test('Of a call, the outputs that are still there are penalized', () => {
  const layer = penalizedLayer({ returnState: true });
  const [output, ...left] = train(layer, input(1)) as [tf.Tensor, ...tf.Tensor[]];
  output.dispose();
  const later = train(layer, input(2));
  expectPenalty(layer, [...left, ...later]);
});

test('An empty batch is penalized by 0, beside one that is not empty', () => {
  const layer = penalizedLayer();
  train(layer, tf.zeros([0, TIMESTEPS, FEATURES]));
  expectPenalty(layer, train(layer, input(1)));
});

test('The penalty leaves nothing behind but itself', () => {
  const layer = penalizedLayer();
  train(layer, input(1));
  const before = tf.memory().numTensors;
  const [loss] = layer.losses as [() => tf.Scalar];
  loss().dispose();
  expect(tf.memory().numTensors).toBe(before);
});

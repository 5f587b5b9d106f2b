import * as tf from '@tensorflow/tfjs';
import { lendCopiesOfStates, lendDropoutMasks, withoutDropout } from '../../src/host/recurrent-state.js';
import { useBackend } from '../../tools/backends.js';
import { randomTensor } from '../support/random.js';

type Fields = Record<string, unknown>;
const fieldsOf = (value: object) => value as Fields;

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function statefulLayer(): tf.layers.RNN {
  const layer = tf.layers.lstm({ units: 2, stateful: true, batchInputShape: [2, 3, 4] });
  layer.apply(randomTensor([2, 3, 4], 1));
  return layer as tf.layers.RNN;
}

test('A layer gets its own states back, whatever ran meanwhile', () => {
  const layer = statefulLayer();
  const states = layer.states;
  const before = tf.memory().numTensors;
  const restore = lendCopiesOfStates(layer);
  tf.tidy(() => void layer.apply(randomTensor([2, 3, 4], 2)));
  expect(layer.states).not.toEqual(states);
  restore();
  expect(layer.states).toBe(states);
  expect(states.map(({ isDisposed }) => isDisposed)).toEqual([false, false]);
  expect(tf.memory().numTensors).toBe(before);
});

test.each(['states_', 'stateSpec'])('A stateful layer without %s is not lent copies', (field) => {
  const layer = statefulLayer();
  delete fieldsOf(layer)[field];
  expect(() => lendCopiesOfStates(layer)).toThrow(
    'this version of tfjs does not reveal where a layer keeps its states',
  );
});

test('A cell drops nothing out until it gets its rates and masks back', () => {
  const cell = tf.layers.lstmCell({ units: 2, dropout: 0.5, recurrentDropout: 0.25 });
  const mask = tf.ones([2, 2]);
  fieldsOf(cell).dropoutMask = mask;
  const rates = () => [fieldsOf(cell).dropout, fieldsOf(cell).recurrentDropout, fieldsOf(cell).dropoutMask];
  const restore = withoutDropout(cell);
  expect(rates()).toEqual([0, 0, null]);
  restore();
  expect(rates()).toEqual([0.5, 0.25, mask]);
});

test.each(['dropout', 'recurrentDropout', 'dropoutMask', 'recurrentDropoutMask'])(
  'A cell of tfjs without %s is not run',
  (field) => {
    const cell = tf.layers.lstmCell({ units: 2 });
    delete fieldsOf(cell)[field];
    expect(() => withoutDropout(cell)).toThrow('this version of tfjs does not reveal what a cell drops out');
  },
);

test('A layer that is no cell is left as it is', () => {
  const layer = tf.layers.dropout({ rate: 0.5 });
  fieldsOf(layer).dropout = 0.5;
  withoutDropout(layer);
  expect(fieldsOf(layer).dropout).toBe(0.5);
});

test('A cell gets its own dropout masks back, and those drawn meanwhile are disposed', () => {
  const layer = tf.layers.lstm({ units: 2, dropout: 0.5, recurrentDropout: 0.5, inputShape: [3, 4] });
  const run = () => tf.tidy(() => void layer.apply(randomTensor([2, 3, 4], 2), { training: true }));
  run();
  const masks = () => ['dropoutMask', 'recurrentDropoutMask'].map((name) => fieldsOf(layer.cell)[name]);
  const before = masks();
  expect(before.flat().length).toBeGreaterThan(0);
  const count = tf.memory().numTensors;
  const restore = lendDropoutMasks(layer.cell);
  run();
  expect(masks()).not.toEqual(before);
  restore();
  expect(masks()).toEqual(before);
  expect((before.flat() as tf.Tensor[]).every(({ isDisposed }) => !isDisposed)).toBe(true);
  expect(tf.memory().numTensors).toBe(count);
  lendDropoutMasks(layer)();
});

test('A layer gets the states of earlier batches back that it kept in training', () => {
  const layer = statefulLayer();
  const train = (seed: number) => tf.tidy(() => void layer.apply(randomTensor([2, 3, 4], seed), { training: true }));
  train(2);
  const kept = fieldsOf(layer).keptStates;
  const count = tf.memory().numTensors;
  const restore = lendCopiesOfStates(layer);
  train(3);
  expect(tf.memory().numTensors).toBeGreaterThan(count);
  restore();
  expect(fieldsOf(layer).keptStates).toBe(kept);
  expect(tf.memory().numTensors).toBe(count);
});

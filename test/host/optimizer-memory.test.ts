import * as tf from '@tensorflow/tfjs';
import { copyOptimizerMemory, setOptimizerMemory } from '../../src/host/optimizer-memory.js';
import { useBackend } from '../../tools/backends.js';
import { expectAllClose } from '../support/close.js';
import { OPTIMIZERS } from '../support/optimizers.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

/** How many steps come before. */
const STEPS = 3;

/** The fields in which an optimizer has one value for each variable, as Keras's files have them. */
const SLOTS: Record<string, string[]> = {
  sgd: [],
  momentum: ['accumulations'],
  adagrad: ['accumulatedGrads'],
  adadelta: ['accumulatedGrads', 'accumulatedUpdates'],
  adam: ['accumulatedFirstMoment', 'accumulatedSecondMoment'],
  adamax: ['accumulatedFirstMoment', 'accumulatedWeightedInfNorm'],
  rmsprop: ['accumulatedMeanSquares', 'accumulatedMoments'],
};

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function problem() {
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 3, inputShape: [2], activation: 'tanh' }), tf.layers.dense({ units: 1 })],
  });
  randomizeWeights(model, 5);
  const [x, labels] = [randomTensor([4, 2], 1), randomTensor([4, 1], 2)];
  const step = (optimizer: tf.Optimizer) =>
    optimizer.minimize(() => tf.losses.meanSquaredError(labels, model.apply(x) as tf.Tensor));
  return { model, step };
}

type Slot = { variable: tf.Variable };
const valuesOf = (optimizer: tf.Optimizer, field: string) =>
  ((optimizer as unknown as Record<string, Slot[]>)[field] ?? []).map(
    ({ variable }) => variable.dataSync() as Float32Array,
  );

const copyingWays: Record<
  string,
  (name: string, from: tf.Optimizer, to: tf.Optimizer, model: tf.LayersModel) => boolean
> = {
  'copied from another': (_name, from, to) => copyOptimizerMemory(from, to),
  'set to what another one remembers': (name, from, to, model) => {
    const slots = Object.fromEntries((SLOTS[name] as string[]).map((field) => [field, valuesOf(from, field)]));
    return setOptimizerMemory(to, slots, model.trainableWeights, STEPS);
  },
};

describe.each(Object.keys(copyingWays))('A memory that was %s', (way) => {
  const pass = copyingWays[way] as (typeof copyingWays)[string];

  test.each(Object.keys(OPTIMIZERS))('lets %s train on as the other one does', (name) => {
    const make = OPTIMIZERS[name] as () => tf.Optimizer;
    const { model, step } = problem();
    const [first, second] = [make(), make()];
    for (let n = 0; n < STEPS; n++) step(first);
    expect(pass(name, first, second, model)).toBe(true);
    for (const field of SLOTS[name] as string[]) {
      expect(valuesOf(second, field)).toHaveLength(4);
      expect(valuesOf(second, field)).toEqual(valuesOf(first, field));
    }
    expect((second as unknown as { iterations_?: number }).iterations_).toBe(
      (first as unknown as { iterations_?: number }).iterations_,
    );
    const trainable = Object.values(second)
      .flat()
      .filter((slot) => slot?.variable?.trainable);
    expect(trainable).toEqual([]);
    const halfway = model.getWeights().map((weight) => weight.clone());
    const trained = [first, second].map((optimizer) => {
      model.setWeights(halfway);
      for (let n = 0; n < 2; n++) step(optimizer);
      return model.getWeights().map((weight) => weight.clone());
    });
    expectAllClose(trained[1] as tf.Tensor[], trained[0] as tf.Tensor[], 1e-4);
    // A new one would not, but for those that remember nothing, or whose memory keeps its proportions.
    if (name === 'sgd' || name === 'adadelta') return;
    model.setWeights(halfway);
    const fresh = make();
    for (let n = 0; n < 2; n++) step(fresh);
    expect(() => expectAllClose(model.getWeights(), trained[0] as tf.Tensor[], 1e-4)).toThrow('apart');
  });
});

test('The copy of a memory is its own: it outlives what it was copied from', () => {
  const { step } = problem();
  const [first, second] = [tf.train.adam(0.1), tf.train.adam(0.1)];
  step(first);
  expect(copyOptimizerMemory(first, second)).toBe(true);
  expect((second as unknown as { iterations_: number }).iterations_).toBe(1);
  first.dispose();
  step(second);
  expect(valuesOf(second, 'accumulatedFirstMoment').every((values) => values.every(Number.isFinite))).toBe(true);
});

test('A memory that is not as expected is left alone', () => {
  class Own extends tf.AdamOptimizer {}
  const { model, step } = problem();
  const adam = tf.train.adam(0.1);
  step(adam);
  expect(copyOptimizerMemory(adam, tf.train.sgd(0.1))).toBe(false);
  expect(copyOptimizerMemory(new Own(0.1, 0.9, 0.999, 1e-7), tf.train.adam(0.1))).toBe(false);
  const strange: [string, unknown][] = [
    ['accumulatedFirstMoment', undefined],
    ['accumulatedSecondMoment', [{}]],
    ['accumulatedSecondMoment', [null]],
    ['accBeta1', 0.9],
    ['iterations_', 'many'],
  ];
  for (const [field, value] of strange) {
    const other = tf.train.adam(0.1);
    Object.assign(other, { [field]: value });
    expect([field, copyOptimizerMemory(adam, other)]).toEqual([field, false]);
    expect([field, copyOptimizerMemory(other, adam)]).toEqual([field, false]);
    expect([field, setOptimizerMemory(other, {}, model.trainableWeights, 1)]).toEqual([field, false]);
  }
  expect(setOptimizerMemory(tf.train.adam(0.1), { momenta: [] }, model.trainableWeights, 1)).toBe(false);
  expect(setOptimizerMemory(tf.train.adam(0.1), {}, model.trainableWeights, 0.5)).toBe(false);
  expect(setOptimizerMemory(new Own(0.1, 0.9, 0.999, 1e-7), {}, model.trainableWeights, 1)).toBe(false);
});

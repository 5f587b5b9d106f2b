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

describe('In training, only the outputs of the very step are penalized', () => {
  /** L1 of 1 on one or more LSTMs; the loss itself is 0, so that what is reported is the penalty. */
  const withPenalty = (args: object = {}) => penalizedLayer({ ...args, returnSequences: true });
  const labels = () => tf.zeros([BATCH, TIMESTEPS, UNITS]);

  function compiled(inputs: tf.SymbolicTensor | tf.SymbolicTensor[], outputs: tf.SymbolicTensor | tf.SymbolicTensor[]) {
    const model = tf.model({ inputs, outputs });
    const loss = (_labels: tf.Tensor, prediction: tf.Tensor) => tf.mul(0, tf.mean(prediction)) as tf.Scalar;
    model.compile({ optimizer: tf.train.sgd(0), loss });
    return model;
  }

  const symbolic = () => tf.input({ shape: [TIMESTEPS, FEATURES] });
  const applied = (layer: tf.layers.Layer, to: tf.SymbolicTensor) => layer.apply(to) as tf.SymbolicTensor;

  async function reported(model: tf.LayersModel, x: tf.Tensor | tf.Tensor[], y: tf.Tensor | tf.Tensor[] = labels()) {
    const loss = (await model.trainOnBatch(x, y)) as number | number[];
    return [loss].flat()[0] as number;
  }

  /** What the penalty of these calls is, by another way: the outputs of inference, which are the same. */
  function penaltyOf(...calls: [layer: tf.layers.Layer, x: tf.Tensor][]): number {
    return calls.reduce((sum, [layer, x]) => sum + norm1(layer.apply(x) as tf.Tensor), 0) / BATCH;
  }
  const norm1 = (tensor: tf.Tensor) => tf.sum(tf.abs(tensor)).dataSync()[0] as number;

  test('not those of earlier calls that are still alive', async () => {
    const layer = withPenalty();
    const at = symbolic();
    const model = compiled(at, applied(layer, at));
    const expected = penaltyOf([layer, input(1)]);
    const alive = train(layer, input(2));
    expect(await reported(model, input(1))).toBeCloseTo(expected, 4);
    const alsoAlive = train(layer, input(3));
    await model.fit(input(1), labels(), { epochs: 1, batchSize: BATCH }).then(({ history }) => {
      expect(history.loss?.[0]).toBeCloseTo(expected, 4);
    });
    expect([...alive, ...alsoAlive].some((output) => output.isDisposed)).toBe(false);
  });

  test('not those of a step that was taken without asking for its losses', async () => {
    const layer = withPenalty();
    const at = symbolic();
    const model = compiled(at, applied(layer, at));
    const kept: tf.Tensor[] = [];
    tf.variableGrads(() => {
      const [output] = train(layer, input(2)) as [tf.Tensor];
      kept.push(tf.keep(output));
      return tf.sum(output) as tf.Scalar;
    });
    expect(await reported(model, input(1))).toBeCloseTo(penaltyOf([layer, input(1)]), 4);
    expect(kept[0]?.isDisposed).toBe(false);
    tf.dispose(kept);
  });

  test('those of every layer', async () => {
    const first = withPenalty();
    const second = lstm({ units: 3, activityRegularizer: tf.regularizers.l1({ l1: 1 }), returnSequences: true });
    const at = symbolic();
    const model = compiled(at, applied(second, applied(first, at)));
    randomizeWeights(second, 6);
    train(first, input(2));
    const x = input(1);
    const between = first.apply(x) as tf.Tensor;
    const labelsOfThree = tf.zeros([BATCH, TIMESTEPS, 3]);
    expect(await reported(model, x, labelsOfThree)).toBeCloseTo(penaltyOf([first, x], [second, between]), 4);
  });

  test('those of every call of a shared layer, which counts as often as it is called', async () => {
    const layer = withPenalty();
    const places = [symbolic(), symbolic()];
    const model = compiled(places, tf.layers.add().apply(places.map((at) => applied(layer, at))) as tf.SymbolicTensor);
    train(layer, input(9));
    expect(await reported(model, [input(1), input(2)])).toBeCloseTo(penaltyOf([layer, input(1)], [layer, input(2)]), 4);
  });

  test('those of a layer with several outputs once, however many of them the model uses', async () => {
    const layer = penalizedLayer({ returnState: true });
    const at = symbolic();
    const model = compiled(at, layer.apply(at) as tf.SymbolicTensor[]);
    train(layer, input(2));
    const zeros = [0, 1, 2].map(() => tf.zeros([BATCH, UNITS]));
    const expected = (layer.apply(input(1)) as tf.Tensor[]).reduce((sum, output) => sum + norm1(output), 0) / BATCH;
    expect(await reported(model, input(1), zeros)).toBeCloseTo(expected, 4);
  });

  test('those of a layer in a model within the model', async () => {
    const layer = withPenalty();
    const inner = tf.sequential({
      layers: [tf.layers.activation({ activation: 'tanh', inputShape: [TIMESTEPS, FEATURES] })],
    });
    inner.add(layer as tf.layers.Layer);
    const at = symbolic();
    const model = compiled(at, applied(inner, at));
    train(layer, input(2));
    expect(await reported(model, input(1))).toBeCloseTo(penaltyOf([layer, tf.tanh(input(1))]), 4);
  });

  test('and none in evaluation', async () => {
    const layer = withPenalty();
    const at = symbolic();
    const model = compiled(at, applied(layer, at));
    train(layer, input(2));
    const loss = model.evaluate(input(1), labels(), { batchSize: BATCH }) as tf.Scalar;
    expect(loss.dataSync()[0]).toBe(0);
    expect(await reported(model, input(1))).toBeCloseTo(penaltyOf([layer, input(1)]), 4);
  });
});

test('The penalty leaves nothing behind but itself', () => {
  const layer = penalizedLayer();
  train(layer, input(1));
  const before = tf.memory().numTensors;
  const [loss] = layer.losses as [() => tf.Scalar];
  loss().dispose();
  expect(tf.memory().numTensors).toBe(before);
});

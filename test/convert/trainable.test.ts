import * as tf from '@tensorflow/tfjs';
import { toBuiltIn, toExplicit } from '../../src/convert/index';
import { layersWithin } from '../../src/host/held-layers';
import { lstm } from '../../src/index';
import { useBackend } from '../../tools/backends';
import { builtIn, dense, randomizeWeights, type Symbolic, weightValues } from './support/models';

beforeAll(() => useBackend('cpu'));

const CONVERSIONS = {
  toExplicit: { make: builtIn, convert: toExplicit },
  toBuiltIn: { make: lstm, convert: toBuiltIn },
};

describe.each(Object.entries(CONVERSIONS))('%s', (_name, { make, convert }) => {
  /** Every layer's flag by name, and every weight's. */
  const flags = (model: tf.LayersModel) => ({
    layers: Object.fromEntries(
      [...layersWithin(model)]
        .filter(({ weights }) => weights.length > 0)
        .map(({ name, trainable }) => [name, trainable]),
    ),
    weights: model.weights.map(({ originalName, trainable }) => [originalName, trainable]),
    trainable: model.trainableWeights.map(({ originalName }) => originalName),
  });

  const sequence = { units: 3, returnSequences: true };

  function nested(): { model: tf.LayersModel; inner: tf.LayersModel } {
    const inner = tf.sequential({
      name: 'inner',
      layers: [make({ ...sequence, name: 'innerLSTM', inputShape: [5, 3] }), dense(3, 'innerDense')],
    });
    const x = tf.input({ shape: [5, 3], name: 'x' });
    const directions = tf.layers.bidirectional({
      layer: make({ ...sequence, name: 'both' }),
      name: 'directions',
    } as never);
    const distributed = tf.layers.timeDistributed({ layer: dense(2, 'each'), name: 'distributed' });
    const last = make({ units: 2, name: 'last' });
    let output = inner.apply(x) as Symbolic;
    for (const layer of [directions, distributed, last, dense(1, 'head')]) output = layer.apply(output) as Symbolic;
    const model = tf.model({ inputs: x, outputs: output });
    randomizeWeights(model);
    return { model, inner };
  }

  test.each(['innerLSTM', 'innerDense', 'inner', 'directions', 'distributed', 'last', 'head'])(
    'keeps that %s was frozen, and the weights',
    (name) => {
      const { model } = nested();
      layerNamed(model, name).trainable = false;
      const copy = convert(model);
      expect(flags(copy)).toEqual(flags(model));
      expect(weightValues(copy)).toEqual(weightValues(model));
    },
  );

  test.each(['last', 'innerDense'])('keeps that one weight of %s was frozen, and the weights', (name) => {
    const { model } = nested();
    const layer = layerNamed(model, name);
    (layer.weights[0] as tf.LayerVariable).trainable = false;
    const expected = flags(model);
    const copy = convert(model);
    expect(expected.weights.filter(([, trainable]) => !trainable)).toHaveLength(1);
    expect(flags(copy)).toEqual(expected);
    expect(weightValues(copy)).toEqual(weightValues(model));
  });

  test('keeps that a weight of a Sequential was frozen after it had run', () => {
    const model = tf.sequential({ layers: [make({ units: 3, inputShape: [5, 3] }), dense(2)] });
    const x = tf.ones([1, 5, 3]);
    model.predict(x);
    (model.getLayer(1).weights[1] as tf.LayerVariable).trainable = false;
    const copy = convert(model);
    copy.predict(x);
    expect(flags(copy)).toEqual(flags(model));
  });

  test('keeps that a weight was frozen when the model was compiled, too', () => {
    const model = tf.sequential({ layers: [make({ units: 3, inputShape: [5, 3] }), dense(2)] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    (model.getLayer(1).weights[1] as tf.LayerVariable).trainable = false;
    expect(flags(convert(model))).toEqual(flags(model));
  });

  test('keeps that a whole model was frozen, and lets it be unfrozen', () => {
    const { model } = nested();
    model.trainable = false;
    const copy = convert(model);
    expect(copy.trainableWeights).toEqual([]);
    copy.trainable = true;
    model.trainable = true;
    expect(flags(copy)).toEqual(flags(model));
  });

  test('keeps that one cell of a stack was frozen', () => {
    const cells = [make({ units: 4 }), make({ units: 3 })].map((layer) => layer.cell);
    (cells[0] as tf.layers.Layer).trainable = false;
    const model = tf.sequential({ layers: [tf.layers.rnn({ cell: cells as never, inputShape: [5, 3] } as never)] });
    randomizeWeights(model);
    const copy = convert(model);
    expect(copy.trainableWeights).toHaveLength(3);
    expect(flags(copy)).toEqual(flags(model));
    expect(weightValues(copy)).toEqual(weightValues(model));
  });

  test('keeps that a layer was made frozen', () => {
    const model = tf.sequential({ layers: [make({ units: 3, inputShape: [5, 3], trainable: false }), dense(2)] });
    randomizeWeights(model);
    const copy = convert(model);
    expect(copy.getLayer(0).trainable).toBe(false);
    expect(copy.trainableWeights).toHaveLength(2);
    expect(weightValues(copy)).toEqual(weightValues(model));
  });
});

test('an LSTM that was made frozen can be unfrozen once it is explicit', () => {
  const model = tf.sequential({ layers: [builtIn({ units: 3, inputShape: [5, 3], trainable: false })] });
  const copy = toExplicit(model);
  for (const each of [model, copy]) each.getLayer(0).trainable = true;
  expect([model, copy].map(({ trainableWeights }) => trainableWeights.length)).toEqual([0, 3]);
});

test('a built-in LSTM that was made frozen and unfrozen in vain trains no weight as an explicit one either', () => {
  const model = tf.sequential({ layers: [builtIn({ units: 3, inputShape: [5, 3], trainable: false })] });
  model.getLayer(0).trainable = true;
  expect(toExplicit(model).trainableWeights).toEqual([]);
});

function layerNamed(model: tf.LayersModel, name: string): tf.layers.Layer {
  return [...layersWithin(model)].find((layer) => layer.name === name) as tf.layers.Layer;
}

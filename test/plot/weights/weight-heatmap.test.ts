import * as tf from '@tensorflow/tfjs';
import { weightHeatmap } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { BUILT_IN } from '../../support/factories.js';
import { randomTensor } from '../../support/random.js';
import { drawn, parts, textsOf } from '../support/drawn.js';
import { pixelsOf, sizeOf } from '../support/png.js';

beforeAll(() => useBackend('cpu'));

function built(args: { units: number; useBias?: boolean; name?: string }, features: number): tf.layers.Layer {
  // The default, orthogonal, takes minutes for 300 units.
  const layer = BUILT_IN.lstm({ ...args, recurrentInitializer: 'zeros' });
  layer.apply(tf.input({ shape: [null, features] }));
  const kernel = layer.weights[0] as tf.LayerVariable;
  kernel.write(randomTensor(kernel.shape as number[], 3));
  return layer;
}

test('Weights are panels of which a pixel is a weight, with lines between the gates', async () => {
  const layer = built({ units: 2, name: 'reader' }, 1);
  layer.setWeights([tf.tensor2d([[1, -1, 0, 0, 1, 1, -1, -1]]), tf.ones([2, 8]), tf.zeros([8])]);
  const before = tf.memory().numTensors;
  const spec = parts(await weightHeatmap(layer));
  expect(tf.memory().numTensors).toBe(before);
  const texts = textsOf(await drawn(spec));
  for (const text of [
    'Weights of reader',
    'kernel [1, 8]',
    'recurrent kernel [2, 8]',
    'bias [8]',
    'i',
    'f',
    'g',
    'o',
  ]) {
    expect(texts).toContain(text);
  }
  const [image, cells, edges] = spec.vconcat[0].layer;
  const [most, least, zero] = [
    [138, 60, 0, 255],
    [8, 64, 127, 255],
    [247, 247, 247, 255],
  ];
  const { width, height, pixels } = pixelsOf(image.data.values[0].url);
  expect([width, height]).toEqual([8, 1]);
  const nearZero = zero.map((channel) => expect.closeTo(channel, -1));
  expect(pixels).toEqual([most, least, nearZero, nearZero, most, most, least, least]);
  expect(edges.data.values).toEqual([{ edge: 2 }, { edge: 4 }, { edge: 6 }]);
  expect(cells.data.values[1]).toEqual({
    gate: 'i',
    unit: '1',
    row: '0',
    start: 1,
    end: 2,
    top: 0,
    bottom: 1,
    value: -1,
  });
});

test('Only the weights that are asked for are drawn, and those that are there', async () => {
  const layer = built({ units: 2, useBias: false }, 3);
  expect(parts(await weightHeatmap(layer)).vconcat).toHaveLength(2);
  expect(parts(await weightHeatmap(layer, { weights: ['recurrentKernel'] })).vconcat[0].title).toBe(
    'recurrent kernel [2, 8]',
  );
  await expect(weightHeatmap(layer, { weights: ['bias'] })).rejects.toThrow(
    "weightHeatmap: weights must be some of those that the layer has: it has no bias, got ['bias']",
  );
});

test.each([
  {
    size: 'Wide',
    units: 300,
    features: 48,
    image: [1024, 48],
    tiles: 64 * 24,
    tile: { unit: '0 to 18', row: '0 to 1', start: 300, end: 319, top: 0, bottom: 2 },
    at: [0, 300],
    of: [2, 19],
  },
  {
    size: 'High',
    units: 2,
    features: 600,
    image: [8, 512],
    tiles: 8 * 24,
    tile: { unit: '0', row: '0 to 24', start: 2, end: 3, top: 0, bottom: 25 },
    at: [0, 2],
    of: [25, 1],
  },
])('$size weights stay a small picture, whose tooltips tell means within a gate', async (expected) => {
  const layer = built({ units: expected.units }, expected.features);
  const spec = parts(await weightHeatmap(layer, { weights: ['kernel'] }));
  const [image, cells] = spec.vconcat[0].layer;
  expect(sizeOf(image.data.values[0].url)).toEqual(expected.image);
  expect(cells.data.values).toHaveLength(expected.tiles);
  const kernel = layer.getWeights()[0] as tf.Tensor2D;
  const mean = tf.tidy(() => tf.mean(tf.slice(kernel, expected.at, expected.of)).dataSync()[0] as number);
  const cell = cells.data.values.find(({ gate }: { gate: string }) => gate === 'f');
  expect(cell).toEqual({ gate: 'f', ...expected.tile, value: expect.closeTo(mean, 4) });
  expect(JSON.stringify(spec).length).toBeLessThan(300_000);
});

test('What is no LSTM is refused', async () => {
  const dense = tf.layers.dense({ units: 1, name: 'd' });
  await expect(weightHeatmap(dense)).rejects.toThrow(/^weightHeatmap: layer must be an LSTM/);
});

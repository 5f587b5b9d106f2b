import * as tf from '@tensorflow/tfjs';
import { weightHistogram } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { BUILT_IN } from '../../support/factories.js';
import { drawn, parts, textsOf } from '../support/drawn.js';

beforeAll(() => useBackend('cpu'));

interface Bin {
  gate: string;
  start: number;
  end: number;
  count: number;
}

test('Weights are counted in bins, gate by gate', async () => {
  const layer = BUILT_IN.lstm({ units: 1, name: 'l' });
  layer.apply(tf.input({ shape: [null, 2] }));
  const kernel = tf.tensor2d([
    [1, -2, 0.05, 0.05],
    [1, 2, -0.05, Number.NaN],
  ]);
  layer.setWeights([kernel, tf.ones([1, 4]), tf.zeros([4])]);
  const before = tf.memory().numTensors;
  const spec = parts(await weightHistogram(layer));
  expect(tf.memory().numTensors).toBe(before);
  const texts = textsOf(await drawn(spec));
  for (const text of ['Weights of l', 'kernel', 'recurrent kernel', 'bias', 'weight', 'count'])
    expect(texts).toContain(text);
  expect(spec.title.subtitle).toEqual(['number of weights by gate', '1 weight NaN or infinite, not drawn']);
  const bins: Bin[] = spec.vconcat[0].data.values;
  const counted = bins.filter(({ count }) => count > 0).map(({ gate, start, end, count }) => [gate, start, end, count]);
  expect(counted).toEqual([
    ['i', 1, 1.1, 2],
    ['f', -2, -1.9, 1],
    ['f', 1.9, 2, 1],
    ['g', -0.1, 0, 1],
    ['g', 0, 0.1, 1],
    ['o', 0, 0.1, 1],
  ]);
});

test('A layer without bias has no histogram of it', async () => {
  const layer = BUILT_IN.lstm({ units: 1, useBias: false });
  layer.apply(tf.input({ shape: [null, 2] }));
  const spec = parts(await weightHistogram(layer));
  expect(spec.vconcat.map(({ title }: { title: string }) => title)).toEqual(['kernel', 'recurrent kernel']);
  expect(spec.title.subtitle).toEqual(['number of weights by gate']);
});

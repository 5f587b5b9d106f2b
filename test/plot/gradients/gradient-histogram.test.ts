import * as tf from '@tensorflow/tfjs';
import { gradientHistogram } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { drawn, parts } from '../support/drawn.js';

beforeAll(() => useBackend('cpu'));

interface Bin {
  gate: string;
  start: number;
  count: number;
}

test('Gradients are counted by gate, those of masked steps left out', async () => {
  const row = (...values: number[]) => tf.tensor3d(values, [1, 3, 1]);
  const flow = {
    dh: row(0, 0, 0),
    dz: { i: row(1, 9, 1), f: row(-1, 9, 1), g: row(0.1, 9, Number.NaN), o: row(0, 9, 0) },
    dWeights: { kernel: gateRow(2), recurrentKernel: gateRow(4), bias: null },
    trace: { units: 1, mask: tf.tensor2d([[1, 0, 1]]) },
  };
  const before = tf.memory().numTensors;
  const spec = parts(await gradientHistogram(flow as never));
  expect(tf.memory().numTensors).toBe(before);
  await drawn(spec);
  expect(spec.title.subtitle).toEqual(['number of gradients by gate', '1 gradient NaN or infinite, not drawn']);
  expect(spec.vconcat.map(({ title }: { title: string }) => title)).toEqual([
    'pre-activations',
    'kernel',
    'recurrent kernel',
  ]);
  const counted = (group: number) => {
    const bins: Bin[] = spec.vconcat[group].data.values;
    return bins.filter(({ count }) => count > 0).map(({ gate, start, count }) => [gate, start, count]);
  };
  expect(counted(0)).toEqual([
    ['i', 0.95, 2],
    ['f', -1, 1],
    ['f', 0.95, 1],
    ['g', 0.1, 1],
    ['o', 0, 2],
  ]);
  expect(counted(1)).toEqual([
    ['i', 1.9, 1],
    ['f', 0, 1],
    ['g', -2, 1],
    ['o', 0, 1],
  ]);
  await expect(gradientHistogram({} as never)).rejects.toThrow(
    'gradientHistogram: flow must be a GradientFlow that is not',
  );
  flow.dh.dispose();
  await expect(gradientHistogram(flow as never)).rejects.toThrow(
    'gradientHistogram: flow must be a GradientFlow that is not',
  );
});

function gateRow(value: number) {
  return { i: tf.scalar(value), f: tf.scalar(0), g: tf.scalar(-value), o: tf.scalar(0) };
}

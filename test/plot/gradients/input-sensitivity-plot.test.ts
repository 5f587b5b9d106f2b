import * as tf from '@tensorflow/tfjs';
import { inputSensitivityPlot } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { drawn, parts, textsOf } from '../support/drawn.js';

beforeAll(() => useBackend('cpu'));

test('A bar a timestep is as high as the sensitivity', async () => {
  const sensitivity = tf.tensor2d([
    [9, 9],
    [0.25, Number.NaN],
  ]);
  const before = tf.memory().numTensors;
  const spec = parts(await inputSensitivityPlot(sensitivity, { sample: 1, labels: ['a', 'b'] }));
  expect(tf.memory().numTensors).toBe(before);
  expect(spec.data.values).toEqual([
    { timestep: 0, start: -0.5, end: 0.5, label: 'a', value: 0.25 },
    { timestep: 1, start: 0.5, end: 1.5, label: 'b', value: null },
  ]);
  const texts = textsOf(await drawn(spec));
  for (const text of ['a', 'b', '‖∂h/∂x‖', 'timestep']) expect(texts).toContain(text);
  const refusal = (value: unknown, sample = 0) => expect(inputSensitivityPlot(value as never, { sample })).rejects;
  await refusal(sensitivity, 2).toThrow('inputSensitivityPlot: sample must be an integer within [0, 2), got 2');
  await refusal(tf.zeros([2])).toThrow('inputSensitivityPlot: sensitivity must be a tensor [B, T], not disposed');
  sensitivity.dispose();
  await refusal(sensitivity).toThrow('not disposed');
});

import * as tf from '@tensorflow/tfjs';
import { hasLearnt } from '../../../src/inspect/diagnose/has-learnt.js';
import type { ModelLoss } from '../../../src/inspect/model/model-data.js';
import { useBackend } from '../../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

/** Asked of a model that answers what it is given. */
async function learnt(answers: number[], labels: number[], loss: ModelLoss, threshold: number) {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'ones' })] });
  const data = {
    inputs: [tf.tensor2d(answers, [answers.length, 1])],
    labels: [tf.tensor2d(labels, [labels.length, 1])],
  };
  const before = tf.memory().numTensors;
  const found = await hasLearnt('here', model, { ...data, samples: answers.length }, { loss, threshold });
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose(data);
  model.dispose();
  return found;
}

const ANSWERS = [0.3, -1.2, 2.5, 0.9, 4.1];
const LABELS = [0.1, -0.7, 2.9, 1.6, 3.3];
const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const OWN = meanOf(ANSWERS.map((answer, n) => Math.abs(answer - (LABELS[n] as number))));
/** Of few samples every other order is tried, so that each answer meets every wrong label as often. */
const OTHER = meanOf(
  ANSWERS.flatMap((answer, n) => LABELS.filter((_, m) => m !== n).map((label) => Math.abs(answer - label))),
);

test('A model has learnt where its loss is lower, by the threshold, than that of its answers to other samples', async () => {
  const limit = (OTHER - OWN) / OTHER;
  expect(await learnt(ANSWERS, LABELS, 'meanAbsoluteError', limit - 0.001)).toBe(true);
  expect(await learnt(ANSWERS, LABELS, 'meanAbsoluteError', limit + 0.001)).toBe(false);
});

test('A loss below 0 is compared by its size', async () => {
  const loss = (labels: tf.Tensor, answers: tf.Tensor) => tf.sub(tf.mean(tf.abs(tf.sub(labels, answers)), -1), 10);
  const limit = (OTHER - OWN) / (10 - OTHER);
  expect(await learnt(ANSWERS, LABELS, loss, limit - 0.001)).toBe(true);
  expect(await learnt(ANSWERS, LABELS, loss, limit + 0.001)).toBe(false);
});

test.each([2, 3, 10, 17, 40])('Of %i samples none is compared with its own label', async (samples) => {
  const numbers = Array.from({ length: samples }, (_, n) => n);
  // A single answer that met its own label would make the loss of the other orders lower than 1 by more than 3.
  const loss = (labels: tf.Tensor, answers: tf.Tensor) =>
    tf.sub(1, tf.mul(1000, tf.cast(tf.equal(labels, answers), 'float32')));
  expect(await learnt(numbers, numbers, loss, 999.9)).toBe(true);
  expect(await learnt(numbers, numbers, loss, 1000.1)).toBe(false);
});

test('It cannot be told of one sample, nor by a loss that is not finite', async () => {
  expect(await learnt([1], [1], 'meanSquaredError', 0.1)).toBeNull();
  expect(await learnt([1, 2, Number.NaN], [1, 2, 3], 'meanSquaredError', 0.1)).toBeNull();
  expect(await learnt([1, 2], [1, 2], 'meanSquaredError', 0.1)).toBe(true);
});

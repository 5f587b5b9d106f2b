import * as tf from '@tensorflow/tfjs';
import { withUnits } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';

test('withUnits replaces the values of the chosen units, even where they are NaN', async () => {
  await useBackend('cpu');
  tf.tidy(() => {
    const values = tf.tensor2d([
      [1, Number.NaN, 3],
      [4, 5, 6],
    ]);
    expectClose(withUnits(values, [1], 7), [1, 7, 3, 4, 7, 6], 0);
    expectClose(withUnits(values, [1, 0], -1), [-1, -1, 3, -1, -1, 6], 0);
    expectClose(withUnits(tf.ones([1, 2]), [], 3), [1, 1], 0);
  });
});

test('withUnits tells which unit there is not, and leaves nothing but its result behind', async () => {
  await useBackend('cpu');
  const values = tf.ones<tf.Rank.R2>([2, 3]);
  const before = tf.memory().numTensors;
  for (const unit of [-1, 3, 0.5, Number.NaN]) {
    expect(() => withUnits(values, [0, unit, 9], 1)).toThrow(`withUnits: units must be from 0 to 2, got ${unit}`);
  }
  const result = withUnits(values, [0, 2], 5);
  expect(tf.memory().numTensors).toBe(before + 1);
  tf.dispose([values, result]);
});

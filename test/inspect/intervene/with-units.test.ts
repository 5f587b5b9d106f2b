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

test('withUnits tells which of its arguments is not as it should be', async () => {
  await useBackend('cpu');
  const values = tf.ones<tf.Rank.R2>([2, 3]);
  const disposed = tf.ones<tf.Rank.R2>([2, 3]);
  disposed.dispose();
  const sequence = tf.ones([2, 3, 4]);
  const refused: [unknown[], string][] = [
    [[sequence, [0], 1], 'values must be a tensor [B, U], got [2, 3, 4]'],
    [[[[1, 2]], [0], 1], 'values must be a tensor [B, U], got [[1, 2]]'],
    [[disposed, [0], 1], 'values must not be disposed, got a Tensor of shape [2, 3]'],
    [[values, 0, 1], 'units must be an array of indices, got 0'],
    [[values, [0], '1'], "value must be a number, got '1'"],
    [[values, [0]], 'value must be a number, got undefined'],
  ];
  for (const [given, message] of refused) {
    expect(() => withUnits(...(given as Parameters<typeof withUnits>))).toThrow(`withUnits: ${message}`);
  }
  tf.dispose([values, sequence]);
});

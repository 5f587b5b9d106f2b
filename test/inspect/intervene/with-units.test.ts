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

test('withUnits tells what is wrong with its arguments', async () => {
  await useBackend('cpu');
  const values = tf.ones([2, 3]) as tf.Tensor2D;
  const refused: [() => unknown, string][] = [
    [() => withUnits(tf.ones([2, 3, 4]) as never, [0], 1), 'withUnits: values must be a tensor [B, U], got [2, 3, 4]'],
    [() => withUnits(undefined as never, [0], 1), 'withUnits: values must be a tensor [B, U], got undefined'],
    [() => withUnits(values, 0 as never, 1), 'withUnits: units must be an array of indices, got 0'],
    [() => withUnits(values, [0], undefined as never), 'withUnits: value must be a number, got undefined'],
    [() => withUnits(values, [3], 1), 'withUnits: units must be from 0 to 2, got 3'],
  ];
  for (const [attempt, message] of refused) expect(attempt).toThrow(message);
});

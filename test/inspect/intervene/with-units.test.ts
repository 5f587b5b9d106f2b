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

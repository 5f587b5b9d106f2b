import * as tf from '@tensorflow/tfjs';
import { weightedSum } from '../../src/core/weighted-sum.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';

describe.each(NODE_BACKENDS)('On %s, a weighted sum', (backend) => {
  beforeAll(() => useBackend(backend));

  const inputs = () => ({
    value: tf.tensor2d([[2, 3]]),
    weights: tf.tensor2d([
      [1, 2, 3, 4],
      [10, 20, 30, 40],
    ]),
  });

  test('is a matrix product without masks', () => {
    tf.tidy(() => {
      const { value, weights } = inputs();
      expectClose(weightedSum(value, weights, []), [32, 64, 96, 128]);
    });
  });

  test('masks the value alike for all gates with one mask', () => {
    tf.tidy(() => {
      const { value, weights } = inputs();
      expectClose(weightedSum(value, weights, [tf.tensor2d([[2, 0]])]), [4, 8, 12, 16]);
    });
  });

  test('masks the value for each gate with four masks', () => {
    tf.tidy(() => {
      const { value, weights } = inputs();
      const masks = [
        [1, 0],
        [0, 1],
        [1, 1],
        [0, 0],
      ].map((mask) => tf.tensor2d([mask]));
      expectClose(weightedSum(value, weights, masks), [2, 60, 96, 0]);
    });
  });
});

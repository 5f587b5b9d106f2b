import * as tf from '@tensorflow/tfjs';
import { transposed, withBlocksInOrder } from '../../src/convert/gate-blocks.js';

test('transposed is what tf.transpose makes of a matrix', () => {
  const matrix = tf.randomNormal<tf.Rank.R2>([3, 5]);
  expect(transposed(matrix.dataSync(), 3, 5)).toEqual(tf.transpose(matrix).dataSync());
});

test('withBlocksInOrder takes each block of each row from where the order says', () => {
  const rows = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16];
  expect(Array.from(withBlocksInOrder(rows, 6, [2, 0, 1]))).toEqual([5, 6, 1, 2, 3, 4, 15, 16, 11, 12, 13, 14]);
});

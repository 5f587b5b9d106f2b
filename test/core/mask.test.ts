import * as tf from '@tensorflow/tfjs';
import { booleanMask, reversedMask } from '../../src/core/mask.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';

const bools = (mask: number[][]) => tf.tensor2d(mask, undefined, 'bool');

test.each(NODE_BACKENDS)(
  'On %s, a mask of any dtype becomes one of bool, in which what is not 0 counts',
  async (backend) => {
    await useBackend(backend);
    tf.tidy(() => {
      const masks = [
        tf.tensor2d([[0, 0.25, -3, 1]]),
        tf.tensor2d([[0, 2, -3, 1]], [1, 4], 'int32'),
        tf.tensor2d([[0, 1, 1, 1]], [1, 4], 'bool'),
      ];
      for (const mask of masks) {
        const result = booleanMask(mask);
        expect(result.dtype).toBe('bool');
        expect(result).not.toBe(mask);
        expectClose(result, [0, 1, 1, 1], 0);
      }
    });
  },
);

test.each(NODE_BACKENDS)('On %s, a mask is reversed along time, sample by sample', async (backend) => {
  await useBackend(backend);
  tf.tidy(() => {
    const mask = bools([
      [1, 1, 0, 0],
      [0, 1, 1, 1],
    ]);
    const result = reversedMask(mask);
    expect([result.dtype, result.shape]).toEqual(['bool', [2, 4]]);
    expectClose(result, [0, 0, 1, 1, 1, 1, 1, 0], 0);
  });
});

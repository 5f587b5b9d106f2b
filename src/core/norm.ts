import * as tf from '@tensorflow/tfjs';
import { splitBlocks } from './gates.js';
import { tidy } from './tidy.js';
import type { Block } from './weights.js';

/**
 * The L2 norm of all values of some tensors together, a scalar; 0 of none. NaN or infinity among them makes it NaN or
 * infinite.
 */
export function globalNorm(tensors: tf.Tensor[]): tf.Scalar {
  return tidy(() => {
    if (tensors.length === 0) return tf.scalar(0);
    return scaledNorm(tf.stack(tensors.map((tensor) => scaledNorm(tf.reshape(tensor, [-1]), [0]))), [0]) as tf.Scalar;
  });
}

/** The Frobenius norm of each block of the last axis of a weight or its gradient, as [blocks]. */
export function normsByBlock(weight: tf.Tensor, blocks: readonly Block[]): tf.Tensor1D {
  return tidy(() => {
    const [{ width }] = blocks as [Block];
    if (blocks.every((block) => block.width === width)) {
      return scaledNorm(tf.reshape(weight, [-1, blocks.length, width]), [0, 2]) as tf.Tensor1D;
    }
    return tf.stack(Object.values(splitBlocks(weight, blocks)).map((block) => globalNorm([block]))) as tf.Tensor1D;
  });
}

/** Values are scaled first, as the square of a float32 may be too large or too small for one. */
function scaledNorm(values: tf.Tensor, axes: number[]): tf.Tensor {
  const largest = tf.max(tf.abs(values), axes, true);
  const scale = tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest));
  const squares = tf.sum(tf.square(tf.div(values, scale)), axes);
  return tf.mul(tf.reshape(scale, squares.shape), tf.sqrt(squares));
}

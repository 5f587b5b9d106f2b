import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from './gates.js';
import { tidy } from './tidy.js';

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

/** The Frobenius norm of each gate's block of a weight or its gradient, [..., 4U], as [4]. */
export function normsByGate(blocks: tf.Tensor, units: number): tf.Tensor1D {
  return tidy(() => scaledNorm(tf.reshape(blocks, [-1, GATE_NAMES.length, units]), [0, 2]) as tf.Tensor1D);
}

/** Values are scaled first, as the square of a float32 may be too large or too small for one. */
function scaledNorm(values: tf.Tensor, axes: number[]): tf.Tensor {
  const largest = tf.max(tf.abs(values), axes, true);
  const scale = tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest));
  const squares = tf.sum(tf.square(tf.div(values, scale)), axes);
  return tf.mul(tf.reshape(scale, squares.shape), tf.sqrt(squares));
}

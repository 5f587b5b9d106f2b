import * as tf from '@tensorflow/tfjs';

/** After n squarings, a direction of half the largest singular value is left with 2^(-2^(n+1)) of its size. */
const SQUARINGS = 10;

/**
 * The largest singular value of each of B matrices, by repeated squaring of JᵀJ, whose powers single out the direction
 * that grows the most: 2^10 steps of power iteration in ten products.
 *
 * @param matrices [B, N, N].
 * @returns [B]; NaN where the matrix has one.
 */
export function spectralNorms(matrices: tf.Tensor3D): tf.Tensor1D {
  return tf.tidy(() => {
    const size = matrices.shape[2];
    const scaled = (power: tf.Tensor) => tf.divNoNan(power, tf.max(tf.abs(power), [1, 2], true));
    let power = scaled(tf.matMul(matrices, matrices, true, false));
    for (let n = 0; n < SQUARINGS; n++) power = scaled(tf.matMul(power, power));
    // A start with no component in that direction is next to impossible for random numbers.
    const start = tf.tile(tf.randomNormal([1, size, 1], 0, 1, 'float32', 1), [matrices.shape[0], 1, 1]);
    const direction = tf.matMul(power, start) as tf.Tensor3D;
    const length = (vectors: tf.Tensor) => tf.sqrt(tf.sum(tf.square(vectors), [1, 2]));
    return tf.divNoNan(length(tf.matMul(matrices, direction)), length(direction)) as tf.Tensor1D;
  });
}

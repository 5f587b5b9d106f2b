import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import type { GradientFlow, JacobianNorm } from './flow-types.js';
import { finite } from './steps-of-flow.js';

/** The norms of a flow's step Jacobians at some timesteps. */
export async function jacobianNorms(flow: GradientFlow, timesteps: readonly number[]): Promise<JacobianNorm[]> {
  const mask = flow.trace.mask?.data() ?? null;
  const all = timesteps.map((t) => tidy(() => spectralNorms(flow.stepJacobian(t))));
  const [, length] = flow.dh.shape;
  try {
    const reads = await Promise.all(all.map((norms) => norms.data()));
    const valid = await mask;
    return timesteps.map((timestep, n) => {
      const norms = [...(reads[n] as Float32Array)].filter((_, sample) => valid?.[sample * length + timestep] !== 0);
      const mean = finite(norms.reduce((sum, value) => sum + value, 0) / norms.length);
      return { timestep, mean, max: finite(Math.max(...norms)) };
    });
  } finally {
    for (const norms of all) norms.dispose();
  }
}

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
    const largest = (values: tf.Tensor) => tf.max(tf.abs(values), [1, 2], true);
    const scaled = (values: tf.Tensor) => tf.divNoNan(values, largest(values));
    // The square of a small float32 need not be one.
    const sizes = largest(matrices);
    const ofUnitSize = tf.divNoNan(matrices, sizes);
    let power = scaled(tf.matMul(ofUnitSize, ofUnitSize, true, false));
    for (let n = 0; n < SQUARINGS; n++) power = scaled(tf.matMul(power, power));
    // A start with no component in that direction is next to impossible for random numbers.
    const start = tf.tile(tf.randomNormal([1, size, 1], 0, 1, 'float32', 1), [matrices.shape[0], 1, 1]);
    const direction = tf.matMul(power, start) as tf.Tensor3D;
    const length = (vectors: tf.Tensor) => tf.sqrt(tf.sum(tf.square(vectors), [1, 2]));
    const stretch = tf.divNoNan(length(tf.matMul(ofUnitSize, direction)), length(direction));
    return tf.mul(stretch, tf.reshape(sizes, [-1])) as tf.Tensor1D;
  });
}

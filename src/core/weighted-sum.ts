import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from './gates.js';

/**
 * What multiplies a value on its way into the gates: nothing, one dropout mask for all gates, or one mask a gate
 * (i, f, g, o). A mask has the value's shape, or one that broadcasts to it.
 */
export type GateMasks = readonly tf.Tensor[];

/**
 * `value·weights`, with the value masked for each gate.
 *
 * @param value `[N, D]`.
 * @param weights `[D, 4U]`, in blocks i, f, g, o.
 * @param masks None, one for all gates, or four.
 * @returns `[N, 4U]`.
 */
export function weightedSum(value: tf.Tensor2D, weights: tf.Tensor2D, masks: GateMasks): tf.Tensor2D {
  const [mask] = masks;
  if (mask === undefined) return tf.matMul(value, weights);
  if (masks.length === 1) return tf.matMul(tf.mul(value, mask), weights);
  const blocks = tf.split(weights, GATE_NAMES.length, 1);
  return tf.concat(
    blocks.map((block, gate) => tf.matMul(tf.mul(value, masks[gate] as tf.Tensor) as tf.Tensor2D, block)),
    1,
  );
}

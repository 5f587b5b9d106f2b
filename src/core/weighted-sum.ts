import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from './quantities.js';

/**
 * What multiplies a value on its way into the gates: nothing, one dropout mask for all gates, or one a gate
 * (i, f, g, o). A dropout mask has the value's shape, or one that broadcasts to it.
 */
export type GateDropoutMasks = readonly tf.Tensor[];

/** The dropout masks of one sequence: `[B, D]` for the input and `[B, U]` for the hidden state. */
export interface DropoutMasks {
  input: GateDropoutMasks;
  recurrent: GateDropoutMasks;
}

export const NO_DROPOUT: DropoutMasks = { input: [], recurrent: [] };

/**
 * `value·weights`, with the value dropped out for each gate.
 *
 * @param value `[N, D]`.
 * @param weights `[D, 4U]`, in blocks i, f, g, o.
 * @param dropoutMasks None, one for all gates, or four.
 * @returns `[N, 4U]`.
 */
export function weightedSum(value: tf.Tensor2D, weights: tf.Tensor2D, dropoutMasks: GateDropoutMasks): tf.Tensor2D {
  const [dropoutMask] = dropoutMasks;
  if (dropoutMask === undefined) return tf.matMul(value, weights);
  if (dropoutMasks.length === 1) return tf.matMul(tf.mul(value, dropoutMask), weights);
  const blocks = tf.split(weights, GATE_NAMES.length, 1);
  return tf.concat(
    blocks.map((block, gate) => tf.matMul(tf.mul(value, dropoutMasks[gate] as tf.Tensor) as tf.Tensor2D, block)),
    1,
  );
}

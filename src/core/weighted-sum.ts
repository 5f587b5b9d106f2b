import * as tf from '@tensorflow/tfjs';

/**
 * What multiplies a value on its way into the gates: nothing, one dropout mask for all gates, or one a gate, in the
 * order of their blocks. A dropout mask has the value's shape, or one that broadcasts to it.
 */
export type GateDropoutMasks = readonly tf.Tensor[];

/** The dropout masks of one sequence: `[B, D]` for the input and `[B, U]` for the hidden state. */
export interface DropoutMasks {
  input: GateDropoutMasks;
  recurrent: GateDropoutMasks;
  /** Draws what each step of the sequence is to have of its own, in training; left out where nothing is drawn. */
  drawStep?: (batch: number) => StepMasks;
}

/** What is drawn for one step. */
export interface StepMasks {
  /** The dropout mask of the candidate, `[B, U]`; null where it is not dropped. */
  candidate: tf.Tensor2D | null;
  /** By the names of states: where the step changes them, `[B, width]`, bool. Elsewhere they keep their value. */
  updates: Readonly<Record<string, tf.Tensor2D>>;
}

/** What becomes of the candidate before the cell state is computed from it. */
export type DropCandidate = (g: tf.Tensor2D) => tf.Tensor2D;

export const keepCandidate: DropCandidate = (g) => g;

/** What a cell runs with in inference. */
export const NO_DROPOUT: DropoutMasks = { input: [], recurrent: [] };

/**
 * `value·weights`, with the value dropped out for each gate.
 *
 * @param value `[N, D]`.
 * @param weights `[D, G·U]`, in blocks of the G gates, i, f, g, o for the plain LSTM.
 * @param dropoutMasks None, one for all gates, or G.
 * @param product What `·` is where weights are other than dense.
 * @returns `[N, G·U]`.
 */
export function weightedSum(
  value: tf.Tensor2D,
  weights: tf.Tensor2D,
  dropoutMasks: GateDropoutMasks,
  product: (value: tf.Tensor2D, weights: tf.Tensor2D) => tf.Tensor2D = tf.matMul<tf.Tensor2D>,
): tf.Tensor2D {
  const [dropoutMask] = dropoutMasks;
  if (dropoutMask === undefined) return product(value, weights);
  if (dropoutMasks.length === 1) return product(tf.mul<tf.Tensor2D>(value, dropoutMask), weights);
  const blocks = tf.split<tf.Tensor2D>(weights, dropoutMasks.length, 1);
  return tf.concat(
    blocks.map((block, gate) => product(tf.mul<tf.Tensor2D>(value, dropoutMasks[gate] as tf.Tensor), block)),
    1,
  );
}

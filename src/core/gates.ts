import * as tf from '@tensorflow/tfjs';

/** The gates in the order of their blocks in kernel, recurrent kernel and bias, which is Keras's and tfjs's order. */
export const GATE_NAMES = ['i', 'f', 'g', 'o'] as const;

export type GateName = (typeof GATE_NAMES)[number];

/** One value for each gate. */
export type ByGate<Value> = Record<GateName, Value>;

/** Splits the last axis, `[..., 4U]`, into the gates' blocks, each `[..., U]`. */
export function splitByGate<T extends tf.Tensor>(blocks: T): ByGate<T> {
  const [i, f, g, o] = tf.split(blocks, GATE_NAMES.length, -1) as [T, T, T, T];
  return { i, f, g, o };
}

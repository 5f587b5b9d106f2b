import * as tf from '@tensorflow/tfjs';
import { type ByGate, GATE_NAMES } from './quantities.js';

export { type ByGate, GATE_NAMES, type GateName } from './quantities.js';

/** Splits the last axis, `[..., 4U]`, into the gates' blocks, each `[..., U]`. */
export function splitByGate<T extends tf.Tensor>(blocks: T): ByGate<T> {
  const [i, f, g, o] = tf.split(blocks, GATE_NAMES.length, -1) as [T, T, T, T];
  return { i, f, g, o };
}

import * as tf from '@tensorflow/tfjs';
import { type ByGate, GATE_NAMES } from './quantities.js';
import type { Block } from './weights.js';

export { type ByGate, GATE_NAMES, type GateName } from './quantities.js';

/** Splits the last axis, `[..., 4U]`, into the gates' blocks, each `[..., U]`. */
export function splitByGate<T extends tf.Tensor>(blocks: T): ByGate<T> {
  const [i, f, g, o] = tf.split(blocks, GATE_NAMES.length, -1) as [T, T, T, T];
  return { i, f, g, o };
}

/** Splits the last axis into blocks, by name. */
export function splitBlocks<T extends tf.Tensor>(tensor: T, blocks: readonly Block[]): Record<string, T> {
  // The gradient of tf.split throws where it has one output: tfjs hands it a tensor, not a list.
  const pieces =
    blocks.length === 1
      ? [tensor]
      : tf.split(
          tensor,
          blocks.map(({ width }) => width),
          -1,
        );
  const byName: Record<string, T> = {};
  for (const [n, { name }] of blocks.entries()) byName[name] = pieces[n] as T;
  return byName;
}

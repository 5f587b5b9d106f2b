import * as tf from '@tensorflow/tfjs';

/**
 * A sequence's timesteps, as `tf.unstack` returns them, but in two stages: about √T pieces of about √T timesteps each.
 *
 * tfjs's wasm backend copies the whole tensor for every slice that it takes of it, so that `tf.unstack` by itself takes
 * time in proportion to T²: https://github.com/tensorflow/tfjs/blob/tfjs-v4.22.0/tfjs-backend-wasm/src/kernels/Slice.ts
 *
 * @param sequence `[T, B, N]`, T at least 1.
 * @returns T tensors `[B, N]`.
 */
export function unstackSteps(sequence: tf.Tensor): tf.Tensor2D[] {
  const [timesteps] = sequence.shape as [number];
  const sizes = evenSizes(timesteps, Math.floor(Math.sqrt(timesteps)));
  return tf.tidy(() => splitTime(sequence, sizes).flatMap(unstackPiece));
}

/** Divides `total` into `count` sizes that differ by 1 at most. */
export function evenSizes(total: number, count: number): number[] {
  const start = (n: number) => Math.floor((n * total) / count);
  return Array.from({ length: count }, (_, n) => start(n + 1) - start(n));
}

// The gradients of tf.split and tf.unstack throw where these have one output: tfjs hands them a tensor, not a list.

/** Splits the first axis into pieces of the given sizes. */
export function splitTime(sequence: tf.Tensor, sizes: number[]): tf.Tensor[] {
  return sizes.length === 1 ? [sequence] : tf.split(sequence, sizes, 0);
}

function unstackPiece(piece: tf.Tensor): tf.Tensor2D[] {
  return (piece.shape[0] === 1 ? [tf.squeeze(piece, [0])] : tf.unstack(piece)) as tf.Tensor2D[];
}

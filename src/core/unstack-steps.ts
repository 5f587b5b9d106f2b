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
  const pieces = Math.floor(Math.sqrt(timesteps));
  const sizes = Array.from({ length: pieces }, (_, n) => sizeOfPiece(timesteps, pieces, n));
  return tf.tidy(() => splitTime(sequence, sizes).flatMap(unstackPiece));
}

/** Sizes differ by 1 at most, so that no piece of a sequence of two timesteps or more has only one. */
function sizeOfPiece(timesteps: number, pieces: number, n: number): number {
  return Math.floor(((n + 1) * timesteps) / pieces) - Math.floor((n * timesteps) / pieces);
}

// The gradients of tf.split and tf.unstack throw where these have one output: tfjs hands them a tensor, not a list.

function splitTime(sequence: tf.Tensor, sizes: number[]): tf.Tensor[] {
  return sizes.length === 1 ? [sequence] : tf.split(sequence, sizes, 0);
}

function unstackPiece(piece: tf.Tensor): tf.Tensor2D[] {
  return (piece.shape[0] === 1 ? [tf.squeeze(piece, [0])] : tf.unstack(piece)) as tf.Tensor2D[];
}

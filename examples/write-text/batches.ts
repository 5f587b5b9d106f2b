import * as tf from '@tensorflow/tfjs';

export interface Batch {
  /** One character in each of B windows of T: one-hot, `[B, T, V]` of an alphabet of V characters. */
  x: tf.Tensor3D;
  /** The number of the character after each, `[B, T, 1]`. */
  y: tf.Tensor3D;
}

export interface BatchShape {
  /** B, windows. */
  batch: number;
  /** T, characters of a window. */
  timesteps: number;
}

/** Draws where in a text the windows of batch number `n` begin: only from the seed and `n`, and so the same on every backend. */
export function windowStarts(characters: number, { batch, timesteps }: BatchShape, n: number, seed: number): number[] {
  const last = characters - timesteps - 1;
  const fractions = tf.tidy(() => tf.randomUniform([batch], 0, 1, 'float32', `${seed}/${n}`).dataSync());
  return Array.from(fractions, (fraction) => Math.floor(fraction * (last + 1)));
}

/** Cuts windows out of a text of character numbers; the caller disposes the batch. */
export function batchAt(text: Int32Array, starts: readonly number[], timesteps: number, alphabetSize: number): Batch {
  const windows = (offset: number) =>
    Int32Array.from(starts.flatMap((start) => [...text.subarray(start + offset, start + offset + timesteps)]));
  return tf.tidy(() => ({
    x: oneHotSequences(tf.tensor2d(windows(0), [starts.length, timesteps], 'int32'), alphabetSize),
    y: tf.tensor3d(Float32Array.from(windows(1)), [starts.length, timesteps, 1]),
  }));
}

/** `[B, T]`, int32, to `[B, T, V]`. Cast afterwards, because for floats tfjs's wasm backend writes the bits of integers. */
export function oneHotSequences(numbers: tf.Tensor2D, alphabetSize: number): tf.Tensor3D {
  return tf.tidy(() => tf.cast(tf.oneHot(numbers, alphabetSize), 'float32') as tf.Tensor3D);
}

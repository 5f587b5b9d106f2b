import * as tf from '@tensorflow/tfjs';

/** Sequences and their sums. */
export interface AddingProblem {
  /** [B, T, 2]: a number in [0, 1), and 1 at the two timesteps whose numbers are to be added, else 0. */
  x: tf.Tensor3D;
  /** [B, 1]: the sum of the two. */
  y: tf.Tensor2D;
}

/** The least error without any memory, by always answering 1: the variance of the sum of two uniform numbers. */
export const FORGETFUL_ERROR = 1 / 6;

/**
 * The adding problem: one marked number in the first tenth of the sequence, and one in its second half. The task is to
 * output their sum at the end. Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", experiment 4.
 */
export function addingProblem(samples: number, timesteps: number, seed: number): AddingProblem {
  return tf.tidy(() => {
    const numbers = tf.randomUniform([samples, timesteps], 0, 1, 'float32', `${seed}/numbers`);
    const half = Math.floor(timesteps / 2);
    const first = positions(samples, [0, Math.max(1, Math.floor(timesteps / 10))], `${seed}/first`);
    const second = positions(samples, [half, timesteps], `${seed}/second`);
    const marks = tf.add(tf.oneHot(first, timesteps), tf.oneHot(second, timesteps));
    const x = tf.stack([numbers, tf.cast(marks, 'float32')], 2) as tf.Tensor3D;
    return { x, y: tf.sum(tf.mul(numbers, marks), 1, true) as tf.Tensor2D };
  });
}

/** A timestep for each sample, from the first to before the last, [B]. */
function positions(samples: number, [from, to]: [number, number], seed: string): tf.Tensor1D {
  return tf.cast(tf.floor(tf.randomUniform([samples], from, to, 'float32', seed)), 'int32') as tf.Tensor1D;
}

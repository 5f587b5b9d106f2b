import * as tf from '@tensorflow/tfjs';
import type { LSTMArgs } from '../../src/index.js';

/** Makes an LSTM of one kind or the other. */
export type MakeLSTM = (args: LSTMArgs) => tf.RNN;

/**
 * A model as it is found in tutorials: all arguments of its LSTMs are tfjs's defaults, but for the initializer of the recurrent
 * kernel, for which the orthogonal one takes tfjs up to minutes.
 */
export interface ExampleModel {
  name: string;
  /** Rows of a training step. */
  batch: number;
  /**
   * Fewer rows of a training step on the cpu backend, where one would take the built-in layers more than ten seconds; 0 where it
   * would with a single row, by tfjs's gradient of an embedding.
   */
  batchOnCpu?: number;
  build(makeLSTM: MakeLSTM): tf.LayersModel;
  compile(model: tf.LayersModel): void;
  data(): { inputs: tf.Tensor[]; labels: tf.Tensor };
}

export const RECURRENT_INITIALIZER = { recurrentInitializer: 'glorotNormal' } as const;

/** Random classes as one-hot rows, the same for every call with a seed. */
export function drawOneHot(shape: number[], classes: number, seed: number): tf.Tensor {
  return tf.tidy(() => tf.cast(tf.oneHot(tf.cast(drawClasses(shape, classes, seed), 'int32'), classes), 'float32'));
}

/** Random numbers from 0 to `classes` - 1, as an embedding reads them. */
export function drawClasses(shape: number[], classes: number, seed: number): tf.Tensor {
  return tf.tidy(() => tf.floor(tf.randomUniform(shape, 0, classes, 'float32', seed)));
}

import * as tf from '@tensorflow/tfjs';
import { KERAS_DEFAULTS, type LSTM, lstm } from '../../src/index.js';
import { CLASSES, PIXELS, ROWS } from './digits.js';

export const UNITS = 128;

/** A model that reads a digit row by row and then says which one it was. */
export interface DigitReader {
  model: tf.Sequential;
  /** Reads the rows. */
  memory: LSTM;
  /** Turns a hidden state, `[B, U]`, into the probabilities of the ten digits, `[B, 10]`. */
  verdict: tf.layers.Layer;
}

/** Builds the model; every weight is drawn from the seed. */
export function buildDigitReader(seed: number): DigitReader {
  const memory = lstm({
    ...KERAS_DEFAULTS,
    units: UNITS,
    inputShape: [ROWS, PIXELS],
    kernelInitializer: tf.initializers.glorotUniform({ seed }),
    recurrentInitializer: tf.initializers.glorotUniform({ seed: seed + 1 }),
  });
  const verdict = tf.layers.dense({
    units: CLASSES,
    activation: 'softmax',
    kernelInitializer: tf.initializers.glorotUniform({ seed: seed + 2 }),
  });
  return { model: tf.sequential({ layers: [memory, verdict] }), memory, verdict };
}

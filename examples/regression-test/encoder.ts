import * as tf from '@tensorflow/tfjs';
import { lstm } from 'explicit-lstm';

/** The JavaScript port of a Keras model's `LSTM(5, return_sequences=True)`, which reads sequences of four features. */
export function encoder(): tf.Sequential {
  return tf.sequential({
    layers: [lstm({ units: 5, recurrentActivation: 'sigmoid', returnSequences: true, inputShape: [null, 4] })],
  });
}

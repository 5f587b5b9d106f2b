import * as tf from '@tensorflow/tfjs';
import { CLASSES, type Digit, PIXELS, ROWS, toLabels, toSequences } from '../read-digits/digits.js';

/** Trains a small model of tfjs's own LSTM with its defaults. The caller disposes it. */
export async function trainOrdinaryModel(digits: Digit[], seed: number): Promise<tf.LayersModel> {
  const glorot = (offset: number) => tf.initializers.glorotUniform({ seed: seed + offset });
  const weights = (offset: number) => ({ kernelInitializer: glorot(offset), recurrentInitializer: glorot(offset + 1) });
  const model = tf.sequential({
    layers: [
      tf.layers.lstm({ units: 32, inputShape: [ROWS, PIXELS], name: 'reader', ...weights(0) }),
      tf.layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer: glorot(2) }),
    ],
  });
  const optimizer = tf.train.adam(0.02);
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' });
  const [x, labels] = [toSequences(digits), toLabels(digits)];
  await model.fit(x, labels, { epochs: 3, batchSize: 32, shuffle: false, verbose: 0 });
  tf.dispose([x, labels]);
  optimizer.dispose();
  return model;
}

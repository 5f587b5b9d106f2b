import * as tf from '@tensorflow/tfjs';
import { randomizeWeights } from './random.js';

/** The loss of the first training step of a model of one layer, on fixed data, without changing the weights. */
export async function firstLoss(layer: tf.layers.Layer, x: tf.Tensor, y: tf.Tensor): Promise<number> {
  const model = tf.sequential({ layers: [tf.layers.inputLayer({ batchInputShape: x.shape as tf.Shape }), layer] });
  randomizeWeights(model, 3);
  model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0) });
  const history = await model.fit(x, y, { batchSize: x.shape[0], epochs: 1, verbose: 0 });
  return history.history.loss?.[0] as number;
}

import * as tf from '@tensorflow/tfjs';
import type { Fixture } from '../../../src/testing/index.js';

/** What the LSTMs of most fixtures are made with. */
export const KERAS_ARGS = { recurrentActivation: 'sigmoid', units: 5 } as const;

/** A built layer of the user's own, with the fixture's weights. */
export function ownLayer<Layer extends tf.layers.Layer>(layer: Layer, { weights, calls }: Fixture): Layer {
  tf.dispose(layer.apply(tf.zeros(calls[0]?.input.shape as number[])) as tf.Tensor);
  tf.tidy(() => layer.setWeights(weights.map(({ values, shape }) => tf.tensor(values, shape))));
  return layer;
}

/** Adds to one weight of a model, in place. */
export function disturb(model: tf.LayersModel, weight: number, element: number, by = 0.1): void {
  tf.tidy(() => {
    const variable = model.weights[weight]?.read() as tf.Tensor;
    const values = variable.dataSync().slice();
    values[element] = (values[element] as number) + by;
    model.weights[weight]?.write(tf.tensor(values, variable.shape));
  });
}

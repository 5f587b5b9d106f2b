import * as tf from '@tensorflow/tfjs';

/** A tensor of normal values that depend on the seed alone. */
export function randomTensor<R extends tf.Rank>(shape: number[], seed: number, deviation = 1): tf.Tensor<R> {
  return tf.randomNormal(shape as tf.ShapeMap[R], 0, deviation, 'float32', seed);
}

/**
 * Gives every weight of a layer or model random values, so that no two gates, units or features are alike: equal or
 * symmetric weights would hide a swapped gate.
 */
export function randomizeWeights(layer: tf.layers.Layer | tf.LayersModel, seed: number, deviation = 0.5): void {
  tf.tidy(() => {
    const weights = layer.getWeights().map((weight, n) => randomTensor(weight.shape, seed + 100 * (n + 1), deviation));
    layer.setWeights(weights);
  });
}

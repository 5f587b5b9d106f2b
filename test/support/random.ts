import * as tf from '@tensorflow/tfjs';

/** A tensor of normal values that depend on the seed alone. */
export function randomTensor<R extends tf.Rank>(shape: number[], seed: number, deviation = 1): tf.Tensor<R> {
  // To tfjs, 0 is no seed.
  return tf.randomNormal(shape as tf.ShapeMap[R], 0, deviation, 'float32', seed || 0.5);
}

/**
 * Gives every weight of a layer or model random values, so that no two gates, units or features are alike: equal or
 * symmetric weights would hide a swapped gate. Variable by variable, as tfjs's StackedRNNCells cannot set its weights.
 */
export function randomizeWeights(owner: { weights: tf.LayerVariable[] }, seed: number, deviation = 0.5): void {
  tf.tidy(() => {
    for (const [n, variable] of owner.weights.entries()) {
      variable.write(randomTensor(variable.shape as number[], seed + 100 * (n + 1), deviation));
    }
  });
}

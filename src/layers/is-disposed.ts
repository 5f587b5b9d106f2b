import type * as tf from '@tensorflow/tfjs';

/** Whether a weight is disposed. */
export function isDisposedWeight(weight: tf.LayerVariable): boolean {
  try {
    return weight.read().isDisposed;
  } catch {
    return true;
  }
}

/** Whether a layer has lost its weights. */
export function isDisposed(layer: tf.layers.Layer): boolean {
  return layer.weights.some(isDisposedWeight);
}

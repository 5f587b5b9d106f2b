import * as tf from '@tensorflow/tfjs';

/** Another tensor of the same data. On wasm, a clone has a copy of them. */
export function sharing<T extends tf.Tensor>(tensor: T): T {
  return tf.getBackend() === 'wasm' ? (tf.reshape(tensor, tensor.shape) as T) : tf.clone(tensor);
}

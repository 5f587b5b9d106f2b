import * as tf from '@tensorflow/tfjs';

/** `tf.tidy` for results of any type: what survives is every tensor within the objects and arrays of the result. */
export function tidy<Result>(compute: () => Result): Result {
  return tf.tidy(compute as () => tf.TensorContainer) as Result;
}

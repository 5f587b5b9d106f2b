import * as tf from '@tensorflow/tfjs';

/** A mask of any dtype as bool: what is not 0 counts. (A cast would round on the wasm backend.) */
export function booleanMask(mask: tf.Tensor2D): tf.Tensor2D {
  return mask.dtype === 'bool' ? tf.clone(mask) : (tf.notEqual(mask, 0) as tf.Tensor2D);
}

/** A mask of bools, the last timestep first. (tfjs's wasm backend makes garbage of bools that it reverses.) */
export function reversedMask(mask: tf.Tensor2D): tf.Tensor2D {
  return tf.notEqual(tf.reverse(tf.cast(mask, 'float32'), 1), 0);
}

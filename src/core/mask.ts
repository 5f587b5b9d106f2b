import * as tf from '@tensorflow/tfjs';

/** A mask of any dtype as bool: what is not 0 counts. (A cast would round on the wasm backend.) */
export function booleanMask(mask: tf.Tensor2D): tf.Tensor2D {
  return mask.dtype === 'bool' ? tf.clone(mask) : (tf.notEqual(mask, 0) as tf.Tensor2D);
}

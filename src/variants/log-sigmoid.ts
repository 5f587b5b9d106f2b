import * as tf from '@tensorflow/tfjs';

/** ln sigmoid(z), whose gradient survives a tidy, as that of tf.logSigmoid does not: it saves nothing of what it needs. */
export function logSigmoid(z: tf.Tensor2D): tf.Tensor2D {
  return tf.neg(tf.softplus(tf.neg(z)));
}

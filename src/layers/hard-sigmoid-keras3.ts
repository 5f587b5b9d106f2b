import * as tf from '@tensorflow/tfjs';

/**
 * Keras 3's `hard_sigmoid`, relu6(x + 3) / 6, under the name `'hardSigmoidKeras3'`. tfjs's `'hardSigmoid'` is Keras 2's
 * function, 0.2x + 0.5 clipped to [0, 1].
 *
 * ```ts
 * const layer = lstm({ units: 64, recurrentActivation: 'hardSigmoidKeras3' });
 * ```
 *
 * Source: https://github.com/keras-team/keras/blob/v3.10.0/keras/src/activations/activations.py
 *
 * @category Layers
 */
export class HardSigmoidKeras3 extends tf.serialization.Serializable {
  static readonly className = 'hardSigmoidKeras3';

  apply(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => tf.div(tf.relu6(tf.add(x, 3)), 6));
  }

  getConfig(): tf.serialization.ConfigDict {
    return {};
  }
}
tf.serialization.registerClass(HardSigmoidKeras3);

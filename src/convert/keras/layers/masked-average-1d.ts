import * as tf from '@tensorflow/tfjs';
import { type LayerArgs, PlainLayer, type Shape } from './plain-layer.js';

/**
 * Keras's GlobalAveragePooling1D, which averages over valid steps only; tfjs's has padding in its average. Without a mask it
 * averages over all steps.
 *
 * Input: [B, T, D], with a mask [B, T] or none. Output: [B, D]; `keepDims`: [B, 1, D]. A sample without valid steps
 * gives NaN, as in Keras.
 */
export class MaskedAverage1D extends PlainLayer {
  static readonly className = 'MaskedAverage1D';
  readonly keepDims: boolean;

  constructor(args: LayerArgs & { keepDims?: boolean }) {
    super(args, 'end');
    this.keepDims = args.keepDims ?? false;
  }

  override compute([x]: [tf.Tensor], mask: tf.Tensor | null): tf.Tensor {
    if (mask === null) return tf.mean(x, 1, this.keepDims);
    const weights = tf.expandDims(tf.cast(mask, 'float32'), -1);
    return tf.div(tf.sum(tf.mul(x, weights), 1, this.keepDims), tf.sum(weights, 1, this.keepDims));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, , features] = inputShape as [number | null, number | null, number];
    return this.keepDims ? [batch, 1, features] : [batch, features];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), keepDims: this.keepDims };
  }
}
tf.serialization.registerClass(MaskedAverage1D);

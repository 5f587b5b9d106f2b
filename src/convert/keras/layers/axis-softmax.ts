import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../../core/errors.js';
import { type LayerArgs, PlainLayer } from './plain-layer.js';

/**
 * Keras's Softmax over any axis; tfjs's refuses all but the last when it runs.
 *
 * Input and output: [B, …].
 */
export class AxisSoftmax extends PlainLayer {
  static readonly className = 'AxisSoftmax';
  readonly axis: number;

  /** @throws RangeError for an axis that is no integer. */
  constructor(args: LayerArgs & { axis?: number }) {
    super(args, 'pass');
    this.axis = args.axis ?? -1;
    if (!Number.isSafeInteger(this.axis)) throw invalidArgument('AxisSoftmax', 'axis must be an integer', args.axis);
  }

  override compute([x]: [tf.Tensor]): tf.Tensor {
    const largest = tf.max(x, this.axis, true);
    const powers = tf.exp(tf.sub(x, largest));
    return tf.div(powers, tf.sum(powers, this.axis, true));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), axis: this.axis };
  }
}
tf.serialization.registerClass(AxisSoftmax);

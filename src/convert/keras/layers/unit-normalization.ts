import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../../core/errors.js';
import { type LayerArgs, PlainLayer } from './plain-layer.js';

/** What Keras adds no less than below the root: 1e-12 squared would be 0 in float32. */
const LEAST_SQUARE = 1e-12;

/**
 * Keras's UnitNormalization: x by its Euclidean norm over `axis`, the last by default.
 *
 * Input and output: [B, …]. Masks pass.
 */
export class UnitNormalization extends PlainLayer {
  static readonly className = 'UnitNormalization';
  readonly axes: number[];

  /** @throws RangeError for an axis that is no integer. */
  constructor(args: LayerArgs & { axis?: number | number[] }) {
    super(args, 'pass');
    this.axes = [args.axis ?? -1].flat();
    if (!this.axes.every(Number.isSafeInteger))
      throw invalidArgument('UnitNormalization', 'axis must be an integer or several', args.axis);
  }

  override compute([x]: [tf.Tensor]): tf.Tensor {
    const squares = tf.sum(tf.square(x), this.axes, true);
    return tf.mul(x, tf.rsqrt(tf.maximum(squares, LEAST_SQUARE)));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), axis: this.axes };
  }
}
tf.serialization.registerClass(UnitNormalization);

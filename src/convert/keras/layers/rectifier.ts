import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../../core/errors.js';
import { type LayerArgs, PlainLayer } from './plain-layer.js';

export interface RectifierArgs {
  /** Above it, the output is it. Default: no limit. */
  maxValue?: number | null;
  /** What x - threshold is multiplied by below the threshold. Default: 0. */
  negativeSlope?: number;
  /** Default: 0. */
  threshold?: number;
}

/**
 * Keras's ReLU with all its arguments, and LeakyReLU and ThresholdedReLU, which are the same; tfjs has no slope and no
 * threshold, and in the latter two refuses masks:
 *
 *     y = x where x ≥ threshold, negativeSlope (x - threshold) elsewhere; at most maxValue
 *
 * Input and output: any shape. Masks pass.
 */
export class Rectifier extends PlainLayer {
  static readonly className = 'Rectifier';
  readonly maxValue: number | null;
  readonly negativeSlope: number;
  readonly threshold: number;

  /** @throws RangeError for an argument that is no finite number. */
  constructor(args: LayerArgs & RectifierArgs) {
    super(args, 'pass');
    this.maxValue = args.maxValue ?? null;
    this.negativeSlope = args.negativeSlope ?? 0;
    this.threshold = args.threshold ?? 0;
    for (const name of ['maxValue', 'negativeSlope', 'threshold'] as const) {
      const value = this[name];
      if (value !== null && !Number.isFinite(value)) {
        throw invalidArgument('Rectifier', `${name} must be a finite number`, value);
      }
    }
  }

  override compute([x]: [tf.Tensor]): tf.Tensor {
    const { maxValue, negativeSlope, threshold } = this;
    // By operations that have gradients, and of which none makes NaN of an infinite x.
    const above = tf.add(tf.relu(tf.sub(x, threshold)), tf.mul(threshold, tf.sub(1, tf.step(tf.sub(threshold, x)))));
    const y = tf.sub(above, tf.mul(negativeSlope, tf.relu(tf.sub(threshold, x))));
    return maxValue === null ? y : tf.minimum(y, maxValue);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { maxValue, negativeSlope, threshold } = this;
    return { ...super.getConfig(), maxValue, negativeSlope, threshold };
  }
}
tf.serialization.registerClass(Rectifier);

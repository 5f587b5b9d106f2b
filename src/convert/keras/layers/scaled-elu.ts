import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../../core/errors.js';
import { type LayerArgs, PlainLayer } from './plain-layer.js';

/**
 * Keras's layer ELU, of which tfjs knows α = 1 only, and no masks: x where x > 0, α (eˣ - 1) elsewhere.
 *
 * Input and output: any shape. Masks pass.
 */
export class ScaledELU extends PlainLayer {
  static readonly className = 'ScaledELU';
  readonly alpha: number;

  /** @throws RangeError where alpha is no finite number. */
  constructor(args: LayerArgs & { alpha?: number }) {
    super(args, 'pass');
    this.alpha = args.alpha ?? 1;
    if (!Number.isFinite(this.alpha)) throw invalidArgument('ScaledELU', 'alpha must be a finite number', args.alpha);
  }

  override compute([x]: [tf.Tensor]): tf.Tensor {
    return tf.add(tf.relu(x), tf.mul(this.alpha, tf.elu(tf.minimum(x, 0))));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}
tf.serialization.registerClass(ScaledELU);

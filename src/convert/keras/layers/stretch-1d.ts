import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../../core/errors.js';
import { type LayerArgs, PlainLayer, type Shape } from './plain-layer.js';

export interface Stretch1DArgs {
  /** How many steps of zeros come before and after. Default: none. */
  padding?: [before: number, after: number];
  /** How often each step is repeated. Default: once. */
  repeats?: number;
}

/**
 * Keras's ZeroPadding1D and UpSampling1D, which tfjs has for images only: a sequence with its steps repeated, then padded.
 *
 * Input: [B, T, D]. Output: [B, before + T repeats + after, D]. Masks end here, as in Keras.
 */
export class Stretch1D extends PlainLayer {
  static readonly className = 'Stretch1D';
  readonly padding: [before: number, after: number];
  readonly repeats: number;

  /** @throws RangeError for what are no counts. */
  constructor(args: LayerArgs & Stretch1DArgs) {
    super(args, 'end');
    const { padding = [0, 0], repeats = 1 } = args;
    const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
    if (!Array.isArray(padding) || padding.length !== 2 || !padding.every(isCount)) {
      throw invalidArgument('Stretch1D', 'padding must be two counts of steps', padding);
    }
    if (!isCount(repeats) || repeats === 0)
      throw invalidArgument('Stretch1D', 'repeats must be a positive integer', repeats);
    this.padding = padding;
    this.repeats = repeats;
  }

  override compute([x]: [tf.Tensor3D]): tf.Tensor {
    const [samples, timesteps, features] = x.shape;
    const { repeats, padding } = this;
    const repeated = tf.tile(tf.reshape(x, [samples, timesteps, 1, features]), [1, 1, repeats, 1]);
    return tf.pad(tf.reshape(repeated, [samples, timesteps * repeats, features]), [[0, 0], padding, [0, 0]]);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, timesteps, features] = inputShape as Shape;
    const [before, after] = this.padding;
    return [batch ?? null, timesteps == null ? null : before + timesteps * this.repeats + after, features ?? null];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), padding: this.padding, repeats: this.repeats };
  }
}
tf.serialization.registerClass(Stretch1D);

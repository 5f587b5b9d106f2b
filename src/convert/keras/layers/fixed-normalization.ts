import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../../core/errors.js';
import { type LayerArgs, PlainLayer, type Shape } from './plain-layer.js';

/** Keras's `keras.config.epsilon()`, below which it takes no standard deviation. */
const EPSILON = 1e-7;

export interface FixedNormalizationArgs {
  /** Along which axes there is a mean and a variance for each place. Default: the last. Empty: one for all. */
  axis?: number | number[] | null;
  /** A number, or as many as the axes have places; else they are weights. */
  mean?: number | number[] | null;
  variance?: number | number[] | null;
  /** Whether it is undone: x √variance + mean. */
  invert?: boolean;
}

/**
 * Keras's Normalization, whose mean and variance were measured once and do not train:
 *
 *     y = (x - mean) / max(√variance, ε)
 *
 * Input and output: [B, …]. Weights, where mean and variance are not given: mean, variance, and the count that Keras keeps.
 * Masks pass.
 */
export class FixedNormalization extends PlainLayer {
  static readonly className = 'FixedNormalization';
  readonly axes: number[];
  readonly given: { mean: number | number[]; variance: number | number[] } | null;
  readonly invert: boolean;

  /** @throws RangeError for an axis that is no integer or is that of the samples, and a mean without a variance. */
  constructor(args: LayerArgs & FixedNormalizationArgs) {
    super(args, 'pass');
    const { axis = -1, mean = null, variance = null, invert = false } = args;
    this.axes = axis === null ? [] : [axis].flat();
    if (!this.axes.every((item) => Number.isSafeInteger(item) && item !== 0)) {
      throw invalidArgument(
        'FixedNormalization',
        'axis must be an integer or several, and not 0, the axis of the samples',
        axis,
      );
    }
    const isNumbers = (value: unknown) => [value].flat().every(Number.isFinite);
    const isBoth = mean !== null && variance !== null && isNumbers(mean) && isNumbers(variance);
    if (!isBoth && (mean !== null || variance !== null)) {
      throw invalidArgument('FixedNormalization', 'mean and variance must both be numbers, or neither', [
        mean,
        variance,
      ]);
    }
    this.given = isBoth ? { mean, variance } : null;
    this.invert = invert;
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = inputShape as Shape;
    const kept = this.keptAxes(shape.length).map((axis) => shape[axis]);
    if (this.given === null) {
      if (kept.some((size) => size == null)) {
        throw invalidArgument('FixedNormalization', 'the axes must have a known size', shape, { layer: this.name });
      }
      const weight = (name: string, weightShape: Shape, initial: 'zeros' | 'ones') =>
        this.addWeight(name, weightShape, 'float32', tf.initializers[initial](), undefined, false);
      weight('mean', kept as Shape, 'zeros');
      weight('variance', kept as Shape, 'ones');
      weight('count', [], 'zeros');
    }
    super.build(inputShape);
  }

  override compute([x]: [tf.Tensor]): tf.Tensor {
    const kept = this.keptAxes(x.rank);
    // Keras fits a mean of fewer axes to the last of them.
    const shaped = (tensor: tf.Tensor) => {
      const sizes: number[] = new Array(x.rank).fill(1);
      for (const [index, axis] of kept.slice(kept.length - tensor.rank).entries())
        sizes[axis] = tensor.shape[index] as number;
      return tf.reshape(tensor, sizes);
    };
    const [mean, variance] = this.statistics().map(shaped) as [tf.Tensor, tf.Tensor];
    const deviation = tf.maximum(tf.sqrt(variance), EPSILON);
    return this.invert ? tf.add(tf.mul(x, deviation), mean) : tf.div(tf.sub(x, mean), deviation);
  }

  private statistics(): tf.Tensor[] {
    if (this.given !== null) return [tf.tensor(this.given.mean), tf.tensor(this.given.variance)];
    return this.weights.slice(0, 2).map((weight) => weight.read());
  }

  private keptAxes(rank: number): number[] {
    return this.axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { axes, given, invert } = this;
    return { ...super.getConfig(), axis: axes, invert, mean: given?.mean ?? null, variance: given?.variance ?? null };
  }
}
tf.serialization.registerClass(FixedNormalization);

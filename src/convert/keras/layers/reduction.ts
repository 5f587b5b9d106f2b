import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../../core/errors.js';
import { type LayerArgs, PlainLayer, type Shape } from './plain-layer.js';

const OPERATIONS = { max: tf.max, mean: tf.mean, min: tf.min, prod: tf.prod, sum: tf.sum } as const;

export interface ReductionArgs {
  operation: keyof typeof OPERATIONS;
  /** Which axes go, not that of the samples; negative ones count from the last. */
  axis: number | number[];
  /** Whether they stay, with a size of 1. Default: false. */
  keepDims?: boolean;
}

/**
 * What `keras.ops.mean(y, axis=1)` and its like are. Unlike a layer that averages, it knows no masks, as in Keras.
 *
 * Input: [B, …]. Output: the same without the axes.
 */
export class Reduction extends PlainLayer {
  static readonly className = 'Reduction';
  readonly operation: keyof typeof OPERATIONS;
  readonly axes: number[];
  readonly keepDims: boolean;

  /** @throws RangeError for an operation or an axis that there is not. */
  constructor(args: LayerArgs & ReductionArgs) {
    super(args, 'end');
    const { operation, axis, keepDims = false } = args;
    if (typeof operation !== 'string' || !Object.hasOwn(OPERATIONS, operation)) {
      throw invalidArgument('Reduction', `operation must be one of ${Object.keys(OPERATIONS).join(', ')}`, operation);
    }
    const axes = [axis].flat();
    if (axes.length === 0 || !axes.every((item) => Number.isSafeInteger(item) && item !== 0)) {
      throw invalidArgument(
        'Reduction',
        'axis must be an integer or several, and not 0, the axis of the samples',
        axis,
      );
    }
    this.operation = operation;
    this.axes = axes;
    this.keepDims = keepDims;
  }

  override compute([x]: [tf.Tensor]): tf.Tensor {
    return OPERATIONS[this.operation](x, this.axes, this.keepDims);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = inputShape as Shape;
    const axes = this.axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
    if (!axes.every((axis) => axis > 0 && axis < shape.length)) {
      throw invalidArgument('Reduction', 'the axes must be ones of the input, but for that of the samples', shape, {
        layer: this.name,
      });
    }
    return shape.flatMap((size, axis) => {
      if (!axes.includes(axis)) return [size];
      return this.keepDims ? [1] : [];
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), operation: this.operation, axis: this.axes, keepDims: this.keepDims };
  }
}
tf.serialization.registerClass(Reduction);

import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../../core/errors.js';
import { type LayerArgs, PlainLayer, type Shape } from './plain-layer.js';

type Operation = (...operands: tf.Tensor[]) => tf.Tensor;

const UNARY = {
  abs: tf.abs,
  exp: tf.exp,
  log: tf.log,
  negative: tf.neg,
  reciprocal: tf.reciprocal,
  rsqrt: tf.rsqrt,
  sqrt: tf.sqrt,
  square: tf.square,
} as const;

const BINARY = {
  add: tf.add,
  divide: tf.div,
  maximum: tf.maximum,
  minimum: tf.minimum,
  multiply: tf.mul,
  power: tf.pow,
  subtract: tf.sub,
} as const;

const OPERATIONS: Readonly<Record<string, Operation>> = { ...UNARY, ...BINARY } as Record<string, Operation>;

export type ElementwiseOperation = keyof typeof UNARY | keyof typeof BINARY;

export interface ElementwiseArgs {
  operation: ElementwiseOperation;
  /** The operands in order: a number where it is one, null where it is the next input. Default: all are inputs. */
  operands?: (number | null)[];
}

/**
 * What `y * 2`, `1 - y`, `y - z` and their like are in Keras. Tensors of different shapes are broadcast.
 *
 * Input: as many tensors as there are operands that are no numbers. Masks end here, as in Keras.
 */
export class Elementwise extends PlainLayer {
  static readonly className = 'Elementwise';
  readonly operation: ElementwiseOperation;
  readonly operands: (number | null)[];

  /** @throws RangeError for an operation or for operands that there are not. */
  constructor(args: LayerArgs & ElementwiseArgs) {
    super(args, 'end');
    const { operation } = args;
    if (typeof operation !== 'string' || !Object.hasOwn(OPERATIONS, operation)) {
      throw invalidArgument('Elementwise', `operation must be one of ${Object.keys(OPERATIONS).join(', ')}`, operation);
    }
    const count = Object.hasOwn(UNARY, operation) ? 1 : 2;
    const operands = args.operands ?? new Array<null>(count).fill(null);
    const isList = Array.isArray(operands) && operands.length === count && operands.includes(null);
    if (!isList || !operands.every((operand) => operand === null || Number.isFinite(operand))) {
      throw invalidArgument(
        'Elementwise',
        `operands must be ${count} of numbers and null, not all of them numbers`,
        operands,
      );
    }
    this.operation = operation;
    this.operands = [...operands];
  }

  override compute(inputs: tf.Tensor[]): tf.Tensor {
    const tensors = [...inputs];
    const operands = this.operands.map((operand) => (operand === null ? tensors.shift() : tf.scalar(operand)));
    return (OPERATIONS[this.operation] as Operation)(...(operands as tf.Tensor[]));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    const expected = this.operands.filter((operand) => operand === null).length;
    if (shapes.length !== expected) {
      throw invalidArgument('Elementwise', `there must be ${expected} inputs`, shapes.length, { layer: this.name });
    }
    const rank = Math.max(...shapes.map((shape) => shape.length));
    return Array.from({ length: rank }, (_, axis) => {
      const sizes = shapes
        .map((shape) => shape[axis - rank + shape.length])
        .filter((size) => size !== undefined && size !== 1);
      if (sizes.length === 0) return 1;
      const known = new Set(sizes.filter((size) => size !== null));
      if (known.size > 1)
        throw invalidArgument('Elementwise', 'the shapes must fit together', shapes, { layer: this.name });
      return [...known][0] ?? null;
    }) as Shape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), operation: this.operation, operands: this.operands as unknown as number[] };
  }
}
tf.serialization.registerClass(Elementwise);

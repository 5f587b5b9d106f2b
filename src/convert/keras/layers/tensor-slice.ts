import * as tf from '@tensorflow/tfjs';
import { describeValue, invalidArgument } from '../../../core/errors.js';
import { type LayerArgs, PlainLayer, type Shape } from './plain-layer.js';

/** What is taken of one axis: one place, which takes the axis away; or a range of Python's, in which null is not given. */
export type AxisSlice = number | { start: number | null; stop: number | null; step: number | null };

export interface TensorSliceArgs {
  /** From the first axis on; axes that are not listed are whole. An 'ellipsis' is as many whole axes as are left. */
  slices: (AxisSlice | 'ellipsis')[];
}

interface Range {
  start: number;
  step: number;
  count: number;
  /** Whether the axis goes. */
  isPlace: boolean;
}

const WHOLE = { start: null, stop: null, step: null };

/**
 * What `y[:, -1]` and its like are in Keras: a part of a tensor, of the same places in each sample.
 *
 * Input: [B, …]. Output: the part of it. Masks end here, as in Keras.
 */
export class TensorSlice extends PlainLayer {
  static readonly className = 'TensorSlice';
  readonly slices: (AxisSlice | 'ellipsis')[];

  /** @throws RangeError for slices that are none, and for a part of the samples. */
  constructor(args: LayerArgs & TensorSliceArgs) {
    super(args, 'end');
    const { slices } = args;
    const isList = Array.isArray(slices) && slices.every(isSlice) && slices.filter(isEllipsis).length <= 1;
    if (!isList)
      throw invalidArgument('TensorSlice', 'slices must be integers, ranges, and one ellipsis at most', slices);
    const [first] = slices;
    if (first !== undefined && first !== 'ellipsis' && !isWhole(first)) {
      throw invalidArgument('TensorSlice', 'the first axis, that of the samples, must be whole', first);
    }
    this.slices = slices.map((slice) => (typeof slice === 'object' ? { ...slice } : slice));
  }

  override compute([x]: [tf.Tensor]): tf.Tensor {
    const ranges = this.forAxes(x.shape).map((slice, axis) => rangeOf(slice, x.shape[axis] as number, this.name));
    let part = x;
    for (const [axis, range] of ranges.entries()) part = takeRange(part, axis, range);
    return tf.reshape(
      part,
      part.shape.filter((_, axis) => !ranges[axis]?.isPlace),
    );
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = inputShape as Shape;
    return this.forAxes(shape).flatMap((slice, axis) => {
      const size = shape[axis] ?? null;
      if (typeof slice === 'number') {
        if (size !== null) rangeOf(slice, size, this.name);
        return [];
      }
      return [size === null ? null : rangeOf(slice, size, this.name).count];
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), slices: this.slices as unknown as tf.serialization.ConfigDictArray };
  }

  /** A slice for each axis. */
  private forAxes(shape: Shape): AxisSlice[] {
    const given = this.slices.filter((slice) => !isEllipsis(slice)) as AxisSlice[];
    const left = shape.length - given.length;
    if (left < 0) {
      throw invalidArgument('TensorSlice', `the input must have ${given.length} axes or more`, shape, {
        layer: this.name,
      });
    }
    const whole: AxisSlice[] = new Array(left).fill(WHOLE);
    const ellipsis = this.slices.findIndex(isEllipsis);
    return ellipsis < 0 ? [...given, ...whole] : [...given.slice(0, ellipsis), ...whole, ...given.slice(ellipsis)];
  }
}
tf.serialization.registerClass(TensorSlice);

const isEllipsis = (slice: unknown) => slice === 'ellipsis';

const isWhole = (slice: AxisSlice) =>
  typeof slice === 'object' && slice.start === null && slice.stop === null && (slice.step ?? 1) === 1;

function isSlice(slice: unknown): boolean {
  if (isEllipsis(slice) || Number.isSafeInteger(slice)) return true;
  if (typeof slice !== 'object' || slice === null) return false;
  const { start, stop, step } = slice as Record<string, unknown>;
  return [start, stop, step].every((item) => item === null || Number.isSafeInteger(item)) && step !== 0;
}

/** Python's rules: negative places count from the end, and ranges that reach beyond the axis end with it. */
function rangeOf(slice: AxisSlice, size: number, layer: string): Range {
  if (typeof slice === 'number') {
    const start = slice < 0 ? slice + size : slice;
    if (start >= 0 && start < size) return { start, step: 1, count: 1, isPlace: true };
    throw invalidArgument('TensorSlice', `the place ${slice} must be on an axis of ${describeValue(size)}`, slice, {
      layer,
    });
  }
  const step = slice.step ?? 1;
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const within = (place: number | null, otherwise: number) =>
    place === null ? otherwise : Math.min(Math.max(place < 0 ? place + size : place, least), most);
  const start = within(slice.start, step > 0 ? least : most);
  const stop = within(slice.stop, step > 0 ? most : least);
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)), isPlace: false };
}

/** A range of an axis, by operations that all have a gradient on all backends, which strided slices and gather have not. */
function takeRange(x: tf.Tensor, axis: number, { start, step, count }: Range): tf.Tensor {
  const size = x.shape[axis] as number;
  const sizes = (length: number) => x.shape.map((other, index) => (index === axis ? length : other));
  const begin = (place: number) => x.shape.map((_, index) => (index === axis ? place : 0));
  if (step === 1 && start === 0 && count === size) return x;
  if (step === 1) return tf.slice(x, begin(start), sizes(count));
  if (count === 0) return tf.slice(x, begin(0), sizes(0));
  const stride = Math.abs(step);
  const from = step > 0 ? start : start - (count - 1) * stride;
  const span = tf.slice(x, begin(from), sizes((count - 1) * stride + 1));
  const paddings = x.shape.map((_, index): [number, number] => [0, index === axis ? stride - 1 : 0]);
  const split = [...x.shape.slice(0, axis), count, stride, ...x.shape.slice(axis + 1)];
  const blocks = tf.reshape(tf.pad(span, paddings), split);
  const firsts = tf.slice(
    blocks,
    split.map(() => 0),
    split.map((length, index) => (index === axis + 1 ? 1 : length)),
  );
  const taken = tf.reshape(firsts, sizes(count));
  return step > 0 ? taken : tf.reverse(taken, axis);
}

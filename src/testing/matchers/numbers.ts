import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';

/** What a matcher compares. */
export interface Numbers {
  /** Null for a typed array, which is flat whatever it holds. */
  shape: number[] | null;
  /** Of a tensor; null for what has none. */
  dtype: tf.DataType | null;
  values: ArrayLike<number>;
}

/** Numbers, booleans, or arrays of them to any depth. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

/** Anything that holds numbers. A typed array stands for the values of a tensor of any shape, in row-major order. */
export type NumbersLike =
  | tf.Tensor
  | NestedNumbers
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

const RULE = 'must be a tensor, a typed array, or numbers in nested arrays of equal lengths';

function isTypedArray(value: unknown): value is Float32Array {
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return false;
  return !(value instanceof BigInt64Array || value instanceof BigUint64Array);
}

/**
 * Reads numbers from wherever they are.
 *
 * @param name `received` or `expected`, for the error.
 * @throws RangeError (as a rejection) for anything but numbers: text, complex numbers, ragged arrays, disposed tensors.
 */
export async function readNumbers(where: string, name: string, value: unknown): Promise<Numbers> {
  if (value instanceof tf.Tensor) {
    if (value.isDisposed) throw invalidArgument(where, `${name} must not be disposed`, value);
    if (value.dtype === 'string' || value.dtype === 'complex64') {
      throw invalidArgument(where, `${name} must hold real numbers`, `a tensor of dtype ${value.dtype}`);
    }
    return { shape: value.shape, dtype: value.dtype, values: await value.data() };
  }
  if (isTypedArray(value)) return { shape: null, dtype: null, values: value };
  const shape = shapeOf(value);
  const values: number[] = [];
  if (shape === null || !flatten(value, shape, 0, values)) throw invalidArgument(where, `${name} ${RULE}`, value);
  return { shape, dtype: null, values };
}

/** No tensor is of a higher rank; an array that holds itself is. */
const HIGHEST_RANK = 32;

/** The lengths that nested arrays must have, as their first items do; null for what is nested too deep. */
function shapeOf(nested: unknown): number[] | null {
  const shape: number[] = [];
  for (let first = nested; Array.isArray(first); first = first[0]) {
    shape.push(first.length);
    if (shape.length > HIGHEST_RANK) return null;
  }
  return shape;
}

/** Appends the numbers in nested arrays, booleans as 0 and 1; false where they hold anything else or are ragged. */
function flatten(nested: unknown, shape: readonly number[], axis: number, values: number[]): boolean {
  if (axis === shape.length) {
    if (typeof nested !== 'number' && typeof nested !== 'boolean') return false;
    values.push(Number(nested));
    return true;
  }
  if (!Array.isArray(nested) || nested.length !== shape[axis]) return false;
  // `every` passes over holes.
  for (const item of nested) if (!flatten(item, shape, axis + 1, values)) return false;
  return true;
}

import { FileError } from '../file-error.js';
import type { StoredArray, StoredDtype, StoredNumbers } from '../stored-array.js';
import { BYTES_OF, decodeNumbers, encodeNumbers } from '../stored-numbers.js';
import { FLOAT, INT64, type OnnxTensor } from './model.js';

/** By ONNX's codes. Source: https://github.com/onnx/onnx/blob/v1.18.0/onnx/onnx.proto */
const DTYPES = new Map<number, StoredDtype>([
  [FLOAT, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [INT64, 'int64'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'float64'],
  [12, 'uint32'],
  [13, 'uint64'],
  [16, 'bfloat16'],
]);

/** What ONNX's code of a data type stands for; undefined for texts, complex numbers and those of less than a byte. */
export function dtypeOf(code: number): StoredDtype | undefined {
  return DTYPES.get(code);
}

/**
 * The numbers of a tensor of a file.
 *
 * @throws FileError for numbers that are not there, too many or too few, or of a type that this package cannot hold.
 */
export function tensorNumbers({ name, shape, dataType, raw, numbers, externalFile }: OnnxTensor): StoredArray {
  const place = `the tensor '${name}'`;
  if (externalFile !== null) {
    const advice = 'save the model as one file, without external data';
    throw new FileError(place, `has its numbers in another file, '${externalFile}'`, { advice });
  }
  const dtype = DTYPES.get(dataType);
  if (dtype === undefined) throw new FileError(place, `must hold numbers, but has the data type ${dataType}`);
  const count = sizeOf(shape);
  const available = raw === null ? (numbers?.length ?? 0) : raw.length / BYTES_OF[dtype];
  if (count !== available) {
    throw new FileError(place, `must have as many numbers as its shape [${shape}] says, but has ${available}`);
  }
  if (raw !== null) return { dtype, shape, data: decodeNumbers(dtype, raw) };
  const list = numbers ?? [];
  if (/int64/.test(dtype) && !list.every((value) => typeof value === 'bigint' || Number.isInteger(value))) {
    throw new FileError(place, `must hold whole numbers, being of ${dtype}`);
  }
  return { dtype, shape, data: fromList(dtype, list) };
}

/** How many numbers an array has. */
export function sizeOf(shape: readonly number[]): number {
  // The other sizes may have no product that is a number.
  if (shape.includes(0)) return 0;
  return shape.reduce((product, size) => product * size, 1);
}

function fromList(dtype: StoredDtype, numbers: readonly number[] | readonly bigint[]): StoredNumbers {
  // These have their bits in the file as whole numbers.
  const isHalf = dtype === 'float16' || dtype === 'bfloat16';
  const data = zerosOf(isHalf ? 'uint16' : dtype, numbers.length);
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (const [at, value] of numbers.entries()) data[at] = isBig ? BigInt(value) : Number(value);
  return isHalf ? decodeNumbers(dtype, encodeNumbers({ dtype: 'uint16', shape: [], data })) : data;
}

/** So many zeros, as this package holds them. */
export function zerosOf(dtype: StoredDtype, count: number): StoredNumbers {
  return decodeNumbers(dtype, new Uint8Array(count * BYTES_OF[dtype]));
}

/** The same, each number being the nearest one that a file can have of this type. */
export function rounded(array: StoredArray): StoredArray {
  return { ...array, data: decodeNumbers(array.dtype, encodeNumbers(array)) };
}

/** A tensor of float32 numbers, to be written. */
export function floatTensor(name: string, shape: number[], data: Float32Array): OnnxTensor {
  return { name, shape, dataType: FLOAT, raw: encodeNumbers({ dtype: 'float32', shape, data }), ...UNUSED };
}

/** A list of whole numbers, to be written. */
export function integerTensor(name: string, values: readonly number[]): OnnxTensor {
  const array: StoredArray = { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) };
  return { name, shape: array.shape, dataType: INT64, raw: encodeNumbers(array), ...UNUSED };
}

const UNUSED = { numbers: null, externalFile: null };

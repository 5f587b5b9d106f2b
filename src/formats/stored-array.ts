/** What a file's numbers are stored as. */
export type StoredDtype =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64';

/** Numbers as JavaScript holds them: float16 and bfloat16 lie in a Float32Array, which holds each of them exactly. */
export type StoredNumbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** An array as a file holds it. */
export interface StoredArray {
  /** What the file stores the numbers as. */
  dtype: StoredDtype;
  shape: number[];
  /** In row-major order. */
  data: StoredNumbers;
}

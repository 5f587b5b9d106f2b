import type { StoredArray, StoredDtype, StoredNumbers } from './stored-array.js';

/** What one number takes in a file, in bytes. */
export const BYTES_OF: Readonly<Record<StoredDtype, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
};

const IS_LITTLE_ENDIAN_MACHINE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The numbers that these bytes are: a view of them where they lie as the machine holds numbers, a copy elsewhere.
 *
 * @param bytes As many as whole numbers take.
 */
export function decodeNumbers(dtype: StoredDtype, bytes: Uint8Array, isBigEndian = false): StoredNumbers {
  const size = BYTES_OF[dtype];
  const isReady = (size === 1 || isBigEndian !== IS_LITTLE_ENDIAN_MACHINE) && bytes.byteOffset % size === 0;
  // Not by slice, which of Node's Buffer is a view.
  const ready = isReady ? bytes : new Uint8Array(bytes);
  if (size > 1 && isBigEndian === IS_LITTLE_ENDIAN_MACHINE) reverseEach(ready, size);
  const { buffer, byteOffset } = ready;
  const count = ready.length / size;
  switch (dtype) {
    case 'bool':
    case 'uint8':
      return ready;
    case 'int8':
      return new Int8Array(buffer, byteOffset, count);
    case 'int16':
      return new Int16Array(buffer, byteOffset, count);
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, count);
    case 'float16':
      return widened(new Uint16Array(buffer, byteOffset, count), halfTable());
    case 'bfloat16':
      return widened(new Uint16Array(buffer, byteOffset, count), null);
    case 'int32':
      return new Int32Array(buffer, byteOffset, count);
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, count);
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, count);
    case 'uint64':
      return new BigUint64Array(buffer, byteOffset, count);
    case 'float64':
      return new Float64Array(buffer, byteOffset, count);
  }
}

/** The bytes, little-endian, that a file holds an array as; a view of the array's own where they are the same. */
export function encodeNumbers({ dtype, data }: StoredArray): Uint8Array {
  const narrow = dtype === 'float16' ? narrowed(data, halfOf) : dtype === 'bfloat16' ? narrowed(data, bfloatOf) : data;
  const bytes = new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength);
  if (IS_LITTLE_ENDIAN_MACHINE || BYTES_OF[dtype] === 1) return bytes;
  const reversed = new Uint8Array(bytes);
  reverseEach(reversed, BYTES_OF[dtype]);
  return reversed;
}

function reverseEach(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) bytes.subarray(start, start + size).reverse();
}

/** Bits that are a float32's upper half, or that a table tells the float32's bits of. */
function widened(bits: Uint16Array, table: Uint32Array | null): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let n = 0; n < bits.length; n++) {
    const one = bits[n] as number;
    wide[n] = table === null ? one << 16 : (table[one] as number);
  }
  return new Float32Array(wide.buffer);
}

let halves: Uint32Array | undefined;

/** The bits, as a float32, of every float16. */
function halfTable(): Uint32Array {
  halves ??= Uint32Array.from({ length: 65_536 }, (_, bits) => {
    const sign = (bits & 0x8000) << 16;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
    if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
    // Below the smallest normal float16 all are normal float32.
    return sign | (floatBits(fraction / 2 ** 24) & 0x7fffffff);
  });
  return halves;
}

/** The number that 16 bits stand for as a float16. */
export function float16Number(bits: number): number {
  itsBits[0] = halfTable()[bits] as number;
  return oneFloat[0] as number;
}

const oneFloat = new Float32Array(1);
const itsBits = new Uint32Array(oneFloat.buffer);

function floatBits(value: number): number {
  oneFloat[0] = value;
  return itsBits[0] as number;
}

function narrowed(data: StoredNumbers, bitsOf: (value: number) => number): Uint16Array {
  return Uint16Array.from(data as ArrayLike<number>, bitsOf);
}

/** The float16 next to a number, the even one of two. */
function halfOf(value: number): number {
  const sign = (floatBits(value) >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  // From halfway between the largest float16 and what would come next.
  if (size >= 65_520) return sign | 0x7c00;
  if (size === 0) return sign;
  // log2 may be off by one at a power of two, which the count of steps makes up for.
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  const steps = roundToEven(size / 2 ** (exponent - 10));
  // Steps of 1,024 and more carry into the exponent; fewer are a subnormal number's, at the lowest exponent.
  return sign | (((exponent + 14) << 10) + steps);
}

function bfloatOf(value: number): number {
  const bits = floatBits(value);
  if (Number.isNaN(value)) return 0x7fc0;
  const upper = bits >>> 16;
  const lower = bits & 0xffff;
  return lower > 0x8000 || (lower === 0x8000 && (upper & 1) === 1) ? upper + 1 : upper;
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

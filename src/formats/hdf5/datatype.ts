import { FileError } from '../file-error.js';
import type { StoredDtype } from '../stored-array.js';
import type { Cursor } from './cursor.js';

/** What the elements of a dataset or an attribute are. */
export type Hdf5Type =
  | { kind: 'number'; dtype: StoredDtype; isBigEndian: boolean; size: number }
  /** Each of a fixed length, filled up behind its end. */
  | { kind: 'text'; isPaddedBySpaces: boolean; size: number }
  /** Of any length, in the global heap. */
  | { kind: 'heapText'; size: number }
  /** Of which an attribute may say what they are. */
  | { kind: 'opaque'; size: number };

const FIXED_POINT = 0;
const FLOATING_POINT = 1;
const STRING = 3;
const OPAQUE = 5;
const ENUM = 8;
const VARIABLE_LENGTH = 9;

const UNREAD: Readonly<Record<number, string>> = {
  2: 'times',
  4: 'bit fields',
  6: 'records',
  7: 'references',
  10: 'arrays as elements',
  11: 'complex numbers',
};

const SPACE_PADDED = 2;
const LONGEST_NAME = 1024;

/**
 * Reads what the elements are.
 *
 * @throws FileError for what this reader cannot hold: records, references, lists of any length, numbers of odd sizes.
 */
export function readDatatype(cursor: Cursor): Hdf5Type {
  const first = cursor.u8();
  const version = first >> 4;
  const bits = cursor.u8();
  const moreBits = cursor.u16();
  const size = cursor.u32();
  if (size === 0) throw new FileError(cursor.place, 'has elements without a size');
  switch (first & 15) {
    case FIXED_POINT:
      return readInteger(cursor, bits, size);
    case FLOATING_POINT:
      return readFloat(cursor, bits, size);
    case STRING:
      return { kind: 'text', isPaddedBySpaces: (bits & 15) === SPACE_PADDED, size };
    case OPAQUE:
      return { kind: 'opaque', size };
    case ENUM:
      return readBoolean(cursor, version, bits | ((moreBits & 255) << 8), size);
    case VARIABLE_LENGTH:
      if ((bits & 15) === 1) return { kind: 'heapText', size };
      throw unread(cursor, 'lists of any length');
    default:
      throw unread(cursor, UNREAD[first & 15] ?? 'elements of an unknown kind');
  }
}

function unread({ place }: Cursor, what: string): FileError {
  return new FileError(place, `holds ${what}, which this reader does not read`);
}

function readInteger(cursor: Cursor, bits: number, size: number): Hdf5Type {
  const offset = cursor.u16();
  const precision = cursor.u16();
  if (![1, 2, 4, 8].includes(size) || offset !== 0 || precision !== 8 * size) {
    throw unread(cursor, `integers of ${precision} bits in ${size} bytes`);
  }
  const dtype = `${(bits & 8) === 0 ? 'u' : ''}int${8 * size}` as StoredDtype;
  return { kind: 'number', dtype, isBigEndian: (bits & 1) === 1, size };
}

/** By size: where the exponent begins, how long it and the fraction are, its bias. */
const FLOATS: readonly [
  StoredDtype,
  size: number,
  exponent: number,
  exponentBits: number,
  fraction: number,
  bias: number,
][] = [
  ['float16', 2, 10, 5, 10, 15],
  ['bfloat16', 2, 7, 8, 7, 127],
  ['float32', 4, 23, 8, 23, 127],
  ['float64', 8, 52, 11, 52, 1023],
];

function readFloat(cursor: Cursor, bits: number, size: number): Hdf5Type {
  cursor.skip(4);
  const exponent = cursor.u8();
  const exponentBits = cursor.u8();
  cursor.skip(1);
  const fraction = cursor.u8();
  const bias = cursor.u32();
  const isVax = (bits & 0x40) !== 0;
  const found = FLOATS.find(
    ([, ...layout]) => layout.join() === [size, exponent, exponentBits, fraction, bias].join() && !isVax,
  );
  if (found === undefined) throw unread(cursor, `floating-point numbers of an unknown kind in ${size} bytes`);
  return { kind: 'number', dtype: found[0], isBigEndian: (bits & 1) === 1, size };
}

/** h5py keeps booleans as an enumeration of FALSE and TRUE. */
function readBoolean(cursor: Cursor, version: number, members: number, size: number): Hdf5Type {
  if (size !== 1 || members !== 2) throw unread(cursor, 'an enumeration');
  readDatatype(cursor);
  const names: string[] = [];
  for (let n = 0; n < members; n++) {
    const nameStart = cursor.at;
    names.push(cursor.text(LONGEST_NAME));
    if (version < 3) cursor.alignFrom(nameStart);
  }
  const values = cursor.take(2);
  if (names.join() !== 'FALSE,TRUE' || values[0] !== 0 || values[1] !== 1) {
    throw unread(cursor, 'an enumeration');
  }
  return { kind: 'number', dtype: 'bool', isBigEndian: false, size };
}

const HIGHEST_RANK = 32;

/**
 * Reads the shape of a dataset or an attribute.
 *
 * @returns [] for a single element, null for none at all.
 * @throws FileError
 */
export function readDataspace(cursor: Cursor): number[] | null {
  const version = cursor.version(1, 2);
  const rank = cursor.u8();
  if (rank > HIGHEST_RANK) throw new FileError(cursor.place, `must have ${HIGHEST_RANK} axes at most, but has ${rank}`);
  cursor.skip(1);
  if (version === 1) cursor.skip(5);
  else if (cursor.u8() === 2) return null;
  return Array.from({ length: rank }, () => cursor.length());
}

/** How many elements a shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

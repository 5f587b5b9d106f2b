import { decodeText } from '../decode-text.js';
import { FileError } from '../file-error.js';
import { decodeNumbers } from '../stored-numbers.js';
import { Cursor, type Hdf5Bytes } from './cursor.js';
import { type Hdf5Type, readDataspace, readDatatype, sizeOf } from './datatype.js';
import type { GlobalHeap } from './global-heap.js';
import { MESSAGE, type Message } from './object-header.js';

/** What an attribute says. */
export type Hdf5Attribute = string | number | string[] | number[];

const LONGEST_NAME = 65_535;

interface Piece {
  name: string;
  type: Cursor;
  space: Cursor;
  data: Cursor;
}

/**
 * Finds the attributes of an object in its header; each is read when it is asked for.
 *
 * @throws FileError for attributes that lie elsewhere, and for two of one name.
 */
export function findAttributes(
  file: Hdf5Bytes,
  messages: Message[],
  heap: GlobalHeap,
  place: string,
): Map<string, () => Hdf5Attribute> {
  const attributes = new Map<string, () => Hdf5Attribute>();
  for (const { type, isShared, start, end } of messages) {
    if (type === MESSAGE.attributeInfo) requireInHeader(new Cursor(file, start, end, place));
    if (type !== MESSAGE.attribute) continue;
    if (isShared)
      throw new FileError(place, 'has an attribute in common with others, which this reader does not follow');
    const { name, ...piece } = readPiece(new Cursor(file, start, end, `an attribute of ${place}`));
    if (attributes.has(name)) throw new FileError(`attribute '${name}' of ${place}`, 'must not occur twice');
    attributes.set(name, () => readValue(piece, heap, `attribute '${name}' of ${place}`));
  }
  return attributes;
}

function requireInHeader(info: Cursor): void {
  info.version(0);
  const flags = info.u8();
  if ((flags & 1) !== 0) info.skip(2);
  if (info.address() === -1) return;
  const advice = "write the file with h5py's default libver, or repack it by h5repack -h 0";
  throw new FileError(info.place, 'keeps its attributes in a heap of the newest format', { advice });
}

function readPiece(cursor: Cursor): Piece {
  const version = cursor.version(1, 2, 3);
  const flags = cursor.u8();
  if (version > 1 && flags !== 0) throw new FileError(cursor.place, 'shares its type or shape, which is not followed');
  const sizes = [cursor.u16(), cursor.u16(), cursor.u16()] as const;
  if (version === 3) cursor.skip(1);
  const pieces = sizes.map((size) => {
    const start = cursor.at;
    cursor.skip(size);
    if (version === 1) cursor.alignFrom(start);
    return new Cursor(cursor.file, start, start + size, cursor.place);
  });
  const [name, type, space] = pieces as [Cursor, Cursor, Cursor];
  return { name: name.text(LONGEST_NAME), type, space, data: cursor };
}

/** Every read has cursors of its own: an attribute may be asked for more than once. */
function readValue({ type, space, data }: Omit<Piece, 'name'>, heap: GlobalHeap, place: string): Hdf5Attribute {
  const again = ({ file, at, end }: Cursor) => new Cursor(file, at, end, place);
  const elements = readDatatype(again(type));
  const shape = readDataspace(again(space));
  const rest = again(data);
  if (shape === null) return [];
  const count = sizeOf(shape);
  if (count * elements.size > rest.left) {
    throw new FileError(place, `must have ${count * elements.size} bytes, as its shape says, but has ${rest.left}`);
  }
  const values = readElements(elements, count, rest, heap, place);
  return shape.length === 0 ? (values[0] as string | number) : values;
}

function readElements(
  type: Hdf5Type,
  count: number,
  data: Cursor,
  heap: GlobalHeap,
  place: string,
): string[] | number[] {
  if (type.kind === 'heapText') {
    // Two numbers and an address: more than nothing, so there are no more of them than bytes.
    return Array.from({ length: count }, () => heap.readText(data));
  }
  if (type.kind === 'text') return Array.from({ length: count }, () => trimmed(data.take(type.size), type, place));
  if (type.kind === 'opaque') throw new FileError(place, 'holds elements of which it does not say what they are');
  const numbers = decodeNumbers(type.dtype, data.take(count * type.size), type.isBigEndian);
  return Array.from(numbers as ArrayLike<number | bigint>, Number);
}

function trimmed(bytes: Uint8Array, { isPaddedBySpaces }: Hdf5Type & { kind: 'text' }, place: string): string {
  const end = bytes.indexOf(0);
  const text = decodeText(end === -1 ? bytes : bytes.subarray(0, end), place);
  return isPaddedBySpaces ? text.replace(/ +$/, '') : text;
}

import { FileError } from '../file-error.js';
import { inflateZlib, MOST_EXPANSION } from '../inflate.js';
import type { StoredArray, StoredDtype } from '../stored-array.js';
import { BYTES_OF, decodeNumbers } from '../stored-numbers.js';
import { type Cursor, cursorAt, type Hdf5Bytes, NOWHERE } from './cursor.js';
import { type Hdf5Type, readDataspace, readDatatype, sizeOf } from './datatype.js';
import { treeLeaves } from './links.js';
import { findMessage, MESSAGE, type Message } from './object-header.js';

/** Where a dataset's bytes are. */
type Layout =
  | { kind: 'bytes'; data: Cursor }
  | { kind: 'chunks'; chunkShape: number[]; chunks: Chunk[] }
  /** Never written. */
  | { kind: 'nowhere' };

interface Chunk {
  /** Of its first element. */
  offset: number[];
  stored: Cursor;
  /** Which filters were left out, a bit each. */
  skipped: number;
}

interface Filter {
  id: number;
  values: number[];
}

/** A dataset that is described, and read when asked for. */
export interface Described {
  shape: number[];
  dtype: StoredDtype;
  /** What its numbers take. */
  bytes: number;
  read(): StoredArray;
}

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;
const FILTER_NAMES: Readonly<Record<number, string>> = {
  4: 'szip',
  5: 'nbit',
  6: 'scaleoffset',
  32000: 'lzf',
  32001: 'blosc',
};
const REPACK = { advice: "write it again with h5py's default libver, uncompressed or by gzip" };

/**
 * Describes a dataset by its header. Its size is held to the file's before anything is allocated for it.
 *
 * @param opaqueDtype What an attribute says of elements that the format has no name for.
 * @param maxBytes What its numbers may take at most.
 * @throws FileError for what this reader cannot read.
 */
export function describeDataset(
  file: Hdf5Bytes,
  messages: Message[],
  place: string,
  opaqueDtype: () => unknown,
  maxBytes: number,
): Described {
  const message = (type: number, what: string): Cursor => {
    const found = findMessage(file, messages, type, place);
    if (found === undefined) throw new FileError(place, `must say ${what}`);
    return found;
  };
  if (findMessage(file, messages, MESSAGE.externalFiles, place) !== undefined) {
    throw new FileError(place, 'has its numbers in another file, which is not followed');
  }
  const type = numberType(readDatatype(message(MESSAGE.datatype, 'what its elements are')), opaqueDtype, place);
  const shape = readDataspace(message(MESSAGE.dataspace, 'its shape'));
  if (shape === null) throw new FileError(place, 'holds nothing, not even a shape');
  const filterMessage = findMessage(file, messages, MESSAGE.filters, place);
  const filters = filterMessage === undefined ? [] : readFilters(filterMessage);
  const bytes = sizeOf(shape) * type.size;
  if (bytes > maxBytes) {
    const rule = `must take ${maxBytes} bytes at most, but its shape is [${shape.join(', ')}]`;
    throw new FileError(place, rule, { advice: 'give a larger maxBytes if you trust it' });
  }
  const expected = { shape, size: type.size, filters, maxBytes };
  const layout = readLayout(message(MESSAGE.layout, 'where its numbers are'), expected);
  requireSize(layout, bytes, filters, shape, place);
  return {
    shape,
    dtype: type.dtype,
    bytes,
    read: () => {
      const raw =
        layout.kind === 'bytes' ? layoutBytes(layout.data) : assemble(layout, shape, type.size, filters, place);
      return { dtype: type.dtype, shape: [...shape], data: decodeNumbers(type.dtype, raw, type.isBigEndian) };
    },
  };
}

const layoutBytes = (data: Cursor) => data.file.bytes.subarray(data.at, data.end);

type NumberType = Hdf5Type & { kind: 'number' };

function numberType(type: Hdf5Type, opaqueDtype: () => unknown, place: string): NumberType {
  if (type.kind === 'number') return type;
  if (type.kind !== 'opaque') throw new FileError(place, 'holds texts, not numbers');
  const said = opaqueDtype();
  // Keras keeps bfloat16 so, for which HDF5 long had no name.
  const dtype = typeof said === 'string' && Object.hasOwn(BYTES_OF, said) ? (said as StoredDtype) : undefined;
  if (dtype !== undefined && BYTES_OF[dtype] === type.size) {
    return { kind: 'number', dtype, isBigEndian: false, size: type.size };
  }
  throw new FileError(place, `holds elements of ${type.size} bytes of which it does not say what they are`);
}

function filterName(id: number): string {
  return FILTER_NAMES[id] ?? `number ${id}`;
}

function readFilters(cursor: Cursor): Filter[] {
  const version = cursor.version(1, 2);
  const count = cursor.u8();
  if (version === 1) cursor.skip(6);
  return Array.from({ length: count }, () => {
    const id = cursor.u16();
    const nameLength = version === 1 || id >= 256 ? cursor.u16() : 0;
    cursor.skip(2);
    const valueCount = cursor.u16();
    cursor.skip(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
    const values = Array.from({ length: valueCount }, () => cursor.u32());
    if (version === 1 && valueCount % 2 === 1) cursor.skip(4);
    if (![DEFLATE, SHUFFLE, FLETCHER32].includes(id)) {
      throw new FileError(cursor.place, `is compressed by the filter ${filterName(id)}`, REPACK);
    }
    return { id, values };
  });
}

const COMPACT = 0;
const CONTIGUOUS = 1;
const CHUNKED = 2;

/** What a layout must agree with. */
interface Expected {
  shape: number[];
  /** Of an element, in bytes. */
  size: number;
  filters: Filter[];
  maxBytes: number;
}

function readLayout(cursor: Cursor, expected: Expected): Layout {
  const { file } = cursor;
  // 4 and 5 differ in how chunks are found.
  const version = cursor.version(3, 4, 5);
  const kind = cursor.u8();
  if (kind === COMPACT) {
    const length = cursor.u16();
    return { kind: 'bytes', data: cursorAt(file, cursor.at, length, cursor.place) };
  }
  if (kind === CONTIGUOUS) {
    const address = cursor.address();
    const length = cursor.length();
    if (address === NOWHERE) return { kind: 'nowhere' };
    return { kind: 'bytes', data: cursorAt(file, address, length, cursor.place) };
  }
  if (kind !== CHUNKED) throw new FileError(cursor.place, 'has its numbers spread over several datasets', REPACK);
  if (version > 3) throw new FileError(cursor.place, 'has its chunks indexed in the newest format', REPACK);
  return readChunks(cursor, expected);
}

function readChunks(cursor: Cursor, { shape, size, filters, maxBytes }: Expected): Layout {
  const { file } = cursor;
  const { place } = cursor;
  const rank = cursor.u8() - 1;
  const address = cursor.address();
  const chunkShape = Array.from({ length: rank }, () => cursor.u32());
  const elementSize = cursor.u32();
  if (rank !== shape.length || rank === 0 || elementSize !== size || chunkShape.includes(0)) {
    throw new FileError(place, 'must be in chunks of as many axes as it has, and of its elements');
  }
  if (address === NOWHERE) return { kind: 'nowhere' };
  const entries = treeLeaves(file, address, { type: 1, keySize: 8 + 8 * (rank + 1) }, place);
  const chunkBytes = sizeOf(chunkShape) * size;
  if (chunkBytes > maxBytes)
    throw new FileError(place, `must have chunks of ${maxBytes} bytes at most, not ${chunkBytes}`);
  const expands = filters.some(({ id }) => id === DEFLATE) ? MOST_EXPANSION : 1;
  const seen = new Set<string>();
  let stored = 0;
  const chunks = entries.map(({ key, address: start }): Chunk => {
    const length = key.u32();
    const skipped = key.u32();
    const offset = chunkShape.map(() => key.unsigned(8));
    const isInGrid = offset.every(
      (at, axis) => at % (chunkShape[axis] as number) === 0 && at < (shape[axis] as number),
    );
    if (!isInGrid || seen.has(offset.join())) throw new FileError(place, 'must have each of its chunks once');
    seen.add(offset.join());
    stored += length;
    if (chunkBytes > length * expands) {
      throw new FileError(place, `has a chunk of ${length} bytes, which ${chunkBytes} cannot be stored in`);
    }
    return { offset, stored: cursorAt(file, start, length, place), skipped };
  });
  if (stored > file.bytes.length) throw new FileError(place, 'has chunks that lie on one another');
  return { kind: 'chunks', chunkShape, chunks };
}

/** Holds what is to be allocated to what the file holds. */
function requireSize(layout: Layout, bytes: number, filters: Filter[], shape: number[], place: string): void {
  const rule = `must have ${bytes} bytes, as its shape [${shape.join(', ')}] says, but`;
  if (layout.kind === 'bytes') {
    const found = layout.data.left;
    if (found !== bytes) throw new FileError(place, `${rule} has ${found}`);
    if (filters.length > 0) throw new FileError(place, 'must be in chunks, as it is filtered');
  } else if (layout.kind === 'chunks') {
    const { chunkShape, chunks } = layout;
    const count = sizeOf(shape.map((size, axis) => Math.ceil(size / (chunkShape[axis] as number))));
    if (chunks.length !== count) throw new FileError(place, `${rule} has ${chunks.length} of ${count} chunks`);
  } else if (bytes > 0) {
    throw new FileError(place, `${rule} was never written`);
  }
}

/** Puts the chunks together. */
function assemble(
  layout: Layout & { kind: 'chunks' | 'nowhere' },
  shape: number[],
  size: number,
  filters: Filter[],
  place: string,
): Uint8Array {
  const whole = new Uint8Array(sizeOf(shape) * size);
  if (layout.kind === 'nowhere') return whole;
  const { chunkShape, chunks } = layout;
  const chunkBytes = sizeOf(chunkShape) * size;
  for (const chunk of chunks) {
    const bytes = unfiltered(chunk, filters, chunkBytes, place);
    copyChunk(bytes, chunkShape, chunk.offset, whole, shape, size);
  }
  return whole;
}

function copyChunk(
  chunk: Uint8Array,
  chunkShape: number[],
  offset: number[],
  whole: Uint8Array,
  shape: number[],
  size: number,
): void {
  const rank = shape.length;
  // A chunk at the edge holds more than there is of the whole.
  const extent = shape.map((length, axis) => Math.min(chunkShape[axis] as number, length - (offset[axis] as number)));
  const row = (extent[rank - 1] as number) * size;
  const index = new Array<number>(rank).fill(0);
  for (;;) {
    let from = 0;
    let to = 0;
    for (let axis = 0; axis < rank; axis++) {
      from = from * (chunkShape[axis] as number) + (index[axis] as number);
      to = to * (shape[axis] as number) + (offset[axis] as number) + (index[axis] as number);
    }
    whole.set(chunk.subarray(from * size, from * size + row), to * size);
    let axis = rank - 2;
    for (; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if (index[axis] !== extent[axis]) break;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** A chunk's bytes, without what the filters made of them, the last one first. */
function unfiltered({ stored, skipped }: Chunk, filters: Filter[], chunkBytes: number, place: string): Uint8Array {
  let bytes = layoutBytes(stored);
  for (let n = filters.length - 1; n >= 0; n--) {
    if ((skipped & (1 << n)) !== 0) continue;
    const { id, values } = filters[n] as Filter;
    if (id === FLETCHER32) bytes = withoutFletcher32(bytes, place);
    else if (id === SHUFFLE) bytes = unshuffled(bytes, values[0] ?? 0, place);
    else {
      // A checksum below the deflating filter is deflated with the rest.
      const below = filters.slice(0, n).some((filter, m) => filter.id === FLETCHER32 && (skipped & (1 << m)) === 0);
      bytes = inflateZlib(bytes, chunkBytes + (below ? 4 : 0), `${place} (a chunk)`);
    }
  }
  if (bytes.length !== chunkBytes) {
    throw new FileError(place, `must have chunks of ${chunkBytes} bytes, but has one of ${bytes.length}`);
  }
  return bytes;
}

/** Puts the bytes of each element, which are stored first by first, second by second, together again. */
function unshuffled(bytes: Uint8Array, size: number, place: string): Uint8Array {
  if (size === 0) throw new FileError(place, 'must say how large the elements are that it shuffles');
  const count = Math.floor(bytes.length / size);
  const whole = new Uint8Array(bytes.length);
  for (let part = 0; part < size; part++) {
    for (let n = 0; n < count; n++) whole[n * size + part] = bytes[part * count + n] as number;
  }
  whole.set(bytes.subarray(count * size), count * size);
  return whole;
}

function withoutFletcher32(bytes: Uint8Array, place: string): Uint8Array {
  if (bytes.length < 4) throw new FileError(place, 'must have a checksum in each chunk');
  const data = bytes.subarray(0, -4);
  const { buffer, byteOffset } = bytes;
  const stored = new DataView(buffer, byteOffset + data.length, 4);
  const [sum1, sum2] = fletcher32(data);
  // HDF5 has either of 0 and 65,535, which are the same here, depending on how the sum came about.
  if (stored.getUint16(0, true) % 65_535 !== sum1 || stored.getUint16(2, true) % 65_535 !== sum2) {
    throw new FileError(place, 'is damaged: its checksum differs');
  }
  return data;
}

function fletcher32(data: Uint8Array): [number, number] {
  let sum1 = 0;
  let sum2 = 0;
  for (let n = 0; n < data.length; n += 2) {
    sum1 = (sum1 + (((data[n] as number) << 8) | (data[n + 1] ?? 0))) % 65_535;
    sum2 = (sum2 + sum1) % 65_535;
  }
  return [sum1, sum2];
}

import { FileError } from '../file-error.js';
import { ProtobufReader } from '../protobuf-reader.js';
import type { StoredArray, StoredDtype, StoredNumbers } from '../stored-array.js';
import { BYTES_OF, decodeNumbers } from '../stored-numbers.js';
import { maskedCrc32c } from './crc32c.js';
import { readTable, type TableEntry } from './table.js';

/** TensorFlow's DataType, as far as it is numbers. */
const DTYPES: Readonly<Record<number, StoredDtype>> = {
  1: 'float32',
  2: 'float64',
  3: 'int32',
  4: 'uint8',
  5: 'int16',
  6: 'int8',
  9: 'int64',
  10: 'bool',
  14: 'bfloat16',
  17: 'uint16',
  19: 'float16',
  22: 'uint32',
  23: 'uint64',
};

/** As many axes as a tensor of TensorFlow can have. */
const MOST_AXES = 254;
const DEEPEST_MESSAGE = 4;

/** What the index of a checkpoint says. */
export interface BundleIndex {
  /** How many data files belong to it. */
  shards: number;
  /** Variables, and the parts of partitioned ones. */
  entries: Map<string, BundleEntry>;
}

interface BundleEntry {
  place: string;
  /** Null for what is no numbers, such as texts. */
  dtype: StoredDtype | null;
  shape: number[];
  shard: number;
  offset: number;
  size: number;
  checksum: number;
  /** Of a partitioned variable: what each part covers. */
  slices: Extent[][];
}

/** What a part covers along one axis; all of it without a length. */
interface Extent {
  start: number;
  length: number | null;
}

/**
 * Reads the index of a checkpoint, its `.index` file.
 * Format: https://github.com/tensorflow/tensorflow/blob/v1.15.5/tensorflow/core/protobuf/tensor_bundle.proto
 *
 * @throws FileError for what is no such file, or damaged.
 */
export function readBundleIndex(bytes: Uint8Array): BundleIndex {
  const [header, ...rest] = readTable(bytes);
  if (header === undefined || header.key.length > 0) throw new FileError('the file', 'must begin with a header');
  const budget = { left: 4 * bytes.length + 1024 };
  const entries = new Map<string, BundleEntry>();
  const shards = readHeader(new ProtobufReader(header.value, budget));
  for (const { key, value } of rest) {
    const name = nameOf({ key, value });
    entries.set(name, readEntry(placeOf(name), new ProtobufReader(value, budget), shards));
  }
  return { shards, entries };
}

/** A part's key begins with a zero byte, and need be no text: each byte becomes a character. */
function nameOf({ key }: TableEntry): string {
  if (key[0] === 0) return Array.from(key, (byte) => String.fromCharCode(byte)).join('');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(key);
  } catch (cause) {
    throw new FileError('the index', 'must have names in UTF-8', { cause });
  }
}

function placeOf(name: string): string {
  return name.startsWith('\0') ? `part of the variable '${name.slice(1).split('\0')[0]}'` : `variable '${name}'`;
}

function readHeader(reader: ProtobufReader): number {
  let shards = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) shards = reader.integer();
    else if (field === 2 && reader.integer() !== 0) throw new FileError('the header', 'must say little-endian');
    else if (field > 2) reader.skip();
  }
  if (!Number.isSafeInteger(shards) || shards < 1)
    throw new FileError('the header', 'must count one data file or more');
  return shards;
}

function readEntry(place: string, reader: ProtobufReader, shards: number): BundleEntry {
  const entry: BundleEntry = { place, dtype: null, shape: [], shard: 0, offset: 0, size: 0, checksum: 0, slices: [] };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) entry.dtype = DTYPES[reader.integer()] ?? null;
    else if (field === 2) entry.shape = readShape(place, reader.message(DEEPEST_MESSAGE));
    else if (field === 3) entry.shard = reader.integer();
    else if (field === 4) entry.offset = reader.integer();
    else if (field === 5) entry.size = reader.integer();
    else if (field === 6) entry.checksum = reader.fixed32();
    else if (field === 7) entry.slices.push(readSlice(place, reader.message(DEEPEST_MESSAGE)));
    else reader.skip();
  }
  const { shard, offset, size } = entry;
  if (!(shard >= 0 && shard < shards))
    throw new FileError(place, `must be in one of the ${shards} data files, not ${shard}`);
  if (!isSize(offset) || !isSize(size)) throw new FileError(place, 'must have an offset and a size');
  return entry;
}

const isSize = (value: number) => Number.isSafeInteger(value) && value >= 0;

function readShape(place: string, reader: ProtobufReader): number[] {
  const shape: number[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3 && reader.integer() !== 0) throw new FileError(place, 'must have a known shape');
    if (field === 2) shape.push(readSize(reader.message(DEEPEST_MESSAGE)));
    else if (field !== 3) reader.skip();
  }
  if (!shape.every(isSize) || shape.length > MOST_AXES) throw new FileError(place, 'must have a shape of sizes');
  return shape;
}

function readSize(reader: ProtobufReader): number {
  let size = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) size = reader.integer();
    else reader.skip();
  }
  return size;
}

function readSlice(place: string, reader: ProtobufReader): Extent[] {
  const slice: Extent[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) slice.push(readExtent(reader.message(DEEPEST_MESSAGE)));
    else reader.skip();
  }
  const isExtent = ({ start, length }: Extent) => isSize(start) && (length === null || isSize(length));
  if (!slice.every(isExtent) || slice.length > MOST_AXES) throw new FileError(place, 'must have parts of sizes');
  return slice;
}

function readExtent(reader: ProtobufReader): Extent {
  const extent: Extent = { start: 0, length: null };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) extent.start = reader.integer();
    else if (field === 2) extent.length = reader.integer();
    else reader.skip();
  }
  return extent;
}

/** The numbers of the data files that hold something. */
export function shardsInUse({ entries }: BundleIndex): number[] {
  const used = new Set<number>();
  for (const { size, shard } of entries.values()) if (size > 0) used.add(shard);
  return [...used].sort((a, b) => a - b);
}

/**
 * Reads the variables of a checkpoint. Partitioned ones are joined. What is no numbers, such as texts, is left out.
 *
 * @param shards The data files, by their number.
 * @throws FileError where a variable lies outside its file or over another, is not as long as its shape says, is damaged, or
 *   is partitioned along more than one axis.
 */
export function readVariables(index: BundleIndex, shards: ReadonlyMap<number, Uint8Array>): Map<string, StoredArray> {
  const { entries } = index;
  requireDisjoint(entries.values(), shards);
  const variables = new Map<string, StoredArray>();
  for (const [name, entry] of entries) {
    if (name.startsWith('\0')) continue;
    const array = entry.slices.length === 0 ? readArray(entry, shards) : joined(name, entry, entries, shards);
    if (array !== null) variables.set(name, array);
  }
  return variables;
}

/** Many variables of the same bytes would take longer to check than any file. */
function requireDisjoint(entries: Iterable<BundleEntry>, shards: ReadonlyMap<number, Uint8Array>): void {
  const sorted = [...entries].filter(({ size }) => size > 0).sort((a, b) => a.shard - b.shard || a.offset - b.offset);
  let shard = -1;
  let end = 0;
  for (const entry of sorted) {
    if (entry.shard !== shard) {
      shard = entry.shard;
      end = 0;
    }
    if (entry.offset < end) throw new FileError(entry.place, 'must not lie over another');
    end = entry.offset + entry.size;
    const length = shards.get(shard)?.length ?? 0;
    if (end > length) {
      throw new FileError(entry.place, `must end within the ${length} bytes of data file ${shard}, but ends at ${end}`);
    }
  }
}

function readArray(entry: BundleEntry, shards: ReadonlyMap<number, Uint8Array>): StoredArray | null {
  const { place, dtype, shape, shard, offset, size, checksum } = entry;
  if (dtype === null) return null;
  const expected = countOf(shape) * BYTES_OF[dtype];
  if (size !== expected) throw new FileError(place, `must have ${expected} bytes by its shape, but has ${size}`);
  const bytes = (shards.get(shard) ?? new Uint8Array(0)).subarray(offset, offset + size);
  if (maskedCrc32c(bytes) !== checksum) throw new FileError(place, 'is damaged: its checksum differs');
  return { dtype, shape, data: decodeNumbers(dtype, bytes) };
}

const countOf = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);

function joined(
  name: string,
  { place, dtype, shape, slices }: BundleEntry,
  entries: ReadonlyMap<string, BundleEntry>,
  shards: ReadonlyMap<number, Uint8Array>,
): StoredArray | null {
  if (dtype === null) return null;
  const isWhole = ({ start, length }: Extent, n: number) => start === 0 && (length ?? shape[n]) === shape[n];
  const cut = [...shape.keys()].filter((n) => slices.some((slice) => slice[n] === undefined || !isWhole(slice[n], n)));
  const [axis = 0] = cut;
  if (cut.length > 1 || slices.some((slice) => slice.length !== shape.length)) {
    throw new FileError(place, 'must be partitioned along one axis', { advice: 'save it unpartitioned' });
  }
  const sorted = slices
    .map((slice) => ({
      slice,
      start: slice[axis]?.start ?? 0,
      sizes: slice.map(({ length }, n) => length ?? (shape[n] as number)),
    }))
    .sort((a, b) => a.start - b.start);
  // Before any is read, as a part that is listed again and again would be read again and again.
  const reached = sorted.reduce((end, { start, sizes }) => (start === end ? end + (sizes[axis] ?? 1) : Number.NaN), 0);
  if (reached !== (shape[axis] ?? 1)) throw new FileError(place, 'must have parts that cover it without overlap');
  const parts = sorted.map(({ slice, sizes }) => {
    const part = entries.get(keyOfPart(name, slice));
    const array = part === undefined || part.slices.length > 0 ? null : readArray(part, shards);
    if (
      array?.dtype !== dtype ||
      array.shape.length !== sizes.length ||
      sizes.some((size, n) => size !== array.shape[n])
    ) {
      throw new FileError(place, `must have a part of shape [${sizes.join(', ')}]`);
    }
    return { length: sizes[axis] ?? 1, data: array.data };
  });
  return { dtype, shape, data: concatenated(parts, shape, axis) };
}

/** Joins arrays along an axis. */
function concatenated(
  parts: readonly { length: number; data: StoredNumbers }[],
  shape: readonly number[],
  axis: number,
): StoredNumbers {
  const Holder = parts[0]?.data.constructor as new (count: number) => StoredNumbers;
  const whole = new Holder(countOf(shape));
  // Of parts without numbers there may be any number of rows.
  const filled = parts.filter(({ data }) => data.length > 0);
  const rows = filled.length === 0 ? 0 : countOf(shape.slice(0, axis));
  const width = countOf(shape.slice(axis + 1));
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (const { length, data } of filled) {
      const piece = data.subarray(row * length * width, (row + 1) * length * width);
      whole.set(piece as never, at);
      at += piece.length;
    }
  }
  return whole;
}

/**
 * The key of a part, each byte a character: 0, the variable's name, how many axes, and start and length along each, in the
 * encoding of https://github.com/tensorflow/tensorflow/blob/v1.15.5/tensorflow/core/lib/strings/ordered_code.cc
 */
function keyOfPart(name: string, slice: readonly Extent[]): string {
  const bytes = Array.from(new TextEncoder().encode(name), (byte) => {
    const character = String.fromCharCode(byte);
    return byte === 0 ? '\0\xff' : byte === 0xff ? '\xff\0' : character;
  });
  const axes = slice.length === 0 ? '\0' : `\x01${String.fromCharCode(slice.length)}`;
  const extents = slice.map(({ start, length }) => signedKey(start) + signedKey(length ?? -1));
  return `\0${bytes.join('')}\0\x01${axes}${extents.join('')}`;
}

/** The first bits say how many bytes there are; -1, for "all", is the one negative number. */
function signedKey(value: number): string {
  if (value === -1) return '\x7f';
  let length = 1;
  while (value >= 2 ** (7 * length - 1)) length++;
  const bytes = Array.from({ length }, (_, n) => Math.floor(value / 2 ** (8 * (length - 1 - n))) & 0xff);
  bytes[0] = (bytes[0] as number) | ((0xff00 >> length) & 0xff);
  return String.fromCharCode(...bytes);
}

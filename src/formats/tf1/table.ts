import { FileError } from '../file-error.js';
import { maskedCrc32c } from './crc32c.js';
import { snappyUncompress } from './snappy.js';

/** Metaindex handle, index handle, padding, and the magic number. */
const FOOTER = 48;
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** After each block: how it is compressed, and a checksum. */
const TRAILER = 5;
/** A key may share what is before it: few bytes of a file can stand for many of keys. Names of variables share some ten times. */
const MOST_KEY_BYTES_PER_BYTE = 64;
const SLACK = 2 ** 16;

export interface TableEntry {
  key: Uint8Array;
  value: Uint8Array;
}

interface Budget {
  keyBytes: number;
}

/**
 * Reads a sorted table of LevelDB's format, all of it.
 * Format: https://github.com/google/leveldb/blob/main/doc/table_format.md
 *
 * @throws FileError for another file, a checksum that is not that of its block, and what breaks a rule of the format.
 */
export function readTable(bytes: Uint8Array): TableEntry[] {
  const end = bytes.length - FOOTER;
  if (end < 0 || !MAGIC.every((byte, n) => bytes[bytes.length - 8 + n] === byte)) {
    throw new FileError('the file', 'is not the index of a checkpoint', {
      advice: "give the checkpoint's prefix, and save it in version 2 of the format, TensorFlow's default",
    });
  }
  const footer = new Cursor(bytes.subarray(end, end + 40), end);
  footer.handle();
  const index = footer.handle();
  const budget: Budget = { keyBytes: MOST_KEY_BYTES_PER_BYTE * bytes.length + SLACK };
  const entries: TableEntry[] = [];
  let reached = 0;
  for (const { value } of blockEntries(readBlock(bytes, index, end), budget)) {
    const handle = new Cursor(value, index.offset).handle();
    // A block that is referred to again and again would be read again and again.
    if (handle.offset < reached)
      throw new FileError(`the block at byte ${handle.offset}`, 'must come after the one before');
    reached = handle.offset + handle.size + TRAILER;
    for (const entry of blockEntries(readBlock(bytes, handle, end), budget)) {
      const last = entries.at(-1);
      if (last !== undefined && compare(last.key, entry.key) >= 0) {
        throw new FileError(`the block at byte ${handle.offset}`, 'must have keys that increase');
      }
      entries.push(entry);
    }
  }
  return entries;
}

interface Handle {
  offset: number;
  size: number;
}

interface Block {
  place: string;
  start: number;
  bytes: Uint8Array;
}

function readBlock(bytes: Uint8Array, { offset, size }: Handle, end: number): Block {
  const place = `the block at byte ${offset}`;
  if (size > end - TRAILER - offset) throw new FileError(place, `must lie within the ${end} bytes before the footer`);
  const contents = bytes.subarray(offset, offset + size);
  const compression = bytes[offset + size];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (maskedCrc32c(bytes.subarray(offset, offset + size + 1)) !== view.getUint32(offset + size + 1, true)) {
    throw new FileError(place, 'is damaged: its checksum differs');
  }
  if (compression === 0) return { place, start: offset, bytes: contents };
  if (compression === 1) return { place, start: offset, bytes: snappyUncompress(contents, place) };
  throw new FileError(place, `must be compressed by Snappy or not at all, but has the kind ${compression}`);
}

/** Keys are stored as what they share with the one before and what they do not; at the end stands where they share nothing. */
function blockEntries({ place, start, bytes }: Block, budget: Budget): TableEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const restarts = bytes.length < 4 ? -1 : view.getUint32(bytes.length - 4, true);
  const end = bytes.length - 4 * (restarts + 1);
  if (restarts < 0 || end < 0) throw new FileError(place, 'must end with its restart points');
  const cursor = new Cursor(bytes.subarray(0, end), start);
  const entries: TableEntry[] = [];
  let last = new Uint8Array(0);
  while (!cursor.isAtEnd) {
    const shared = cursor.varint();
    const own = cursor.varint();
    const valueLength = cursor.varint();
    if (shared > last.length) throw new FileError(place, 'must have keys that share no more than there is');
    const rest = cursor.take(own);
    budget.keyBytes -= shared + own;
    if (budget.keyBytes < 0) throw new FileError(place, 'has more keys than its file can have');
    const key = new Uint8Array(shared + own);
    key.set(last.subarray(0, shared));
    key.set(rest, shared);
    entries.push({ key, value: cursor.take(valueLength) });
    last = key;
  }
  return entries;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let n = 0; n < length; n++) if (a[n] !== b[n]) return (a[n] as number) - (b[n] as number);
  return a.length - b.length;
}

/** Goes through bytes one number or piece after the other. */
class Cursor {
  private at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly start: number,
  ) {}

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** Inexact where it is beyond what any file has. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.take(1)[0] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new FileError(`byte ${this.start + this.at}`, 'must be a number of ten bytes at most');
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) {
      throw new FileError(`byte ${this.start + this.at}`, `must be followed by ${length} more, but is not`);
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

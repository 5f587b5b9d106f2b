import { FileError } from './file-error.js';
import { inflate, MOST_EXPANSION } from './inflate.js';

/** The files of an archive, by name. */
export interface ZipArchive {
  /** In the order of the directory; without folders. */
  names: string[];
  has(name: string): boolean;
  /**
   * The bytes of one file, checked against their checksum: a view of the archive where they are stored as they are.
   *
   * @throws FileError for a name that is not there, and for damaged bytes.
   */
  read(name: string): Uint8Array;
}

interface Entry {
  isDeflated: boolean;
  checksum: number;
  stored: number;
  size: number;
  header: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const EXTRA_64 = 1;

const END_LENGTH = 22;
const END_64_LENGTH = 56;
const LOCATOR_64_LENGTH = 20;
const ENTRY_LENGTH = 46;
const LOCAL_LENGTH = 30;
const LONGEST_COMMENT = 65_535;
const IN_EXTRA_16 = 0xffff;
const IN_EXTRA_32 = 0xffffffff;
/** Model files have a handful. */
const MOST_ENTRIES = 10_000;
const STORED = 0;
const DEFLATED = 8;
const IS_ENCRYPTED = 1;
const IS_UTF8 = 0x800;

/**
 * Opens a zip archive: stored and deflated entries, zip64, comments. Nothing is inflated before it is asked for, and then
 * no more than the directory says.
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 * @param maxBytes What all files together may have at most, inflated.
 * @throws FileError for what is no archive or is cut off; for encrypted entries, other compressions, several parts, bytes
 *   in front; for two entries of one name; for entries that together are larger than `maxBytes`, or than what they are
 *   stored as can be inflated to.
 */
export function readZip(bytes: Uint8Array, { maxBytes = 2 ** 31 }: { maxBytes?: number } = {}): ZipArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(view, bytes, maxBytes);
  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    read(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw new FileError(`entry '${name}'`, 'is missing from the archive');
      return readEntry(view, bytes, name, entry);
    },
  };
}

interface Directory {
  start: number;
  length: number;
  entries: number;
}

function readDirectory(view: DataView, bytes: Uint8Array, maxBytes: number): Map<string, Entry> {
  const { start, length, entries: count } = findDirectory(view);
  if (count > MOST_ENTRIES)
    throw new FileError('the archive', `must have ${MOST_ENTRIES} entries at most, has ${count}`);
  const entries = new Map<string, Entry>();
  const end = start + length;
  let stored = 0;
  let size = 0;
  let at = start;
  for (let n = 0; n < count; n++) {
    const place = `the archive's entry ${n}`;
    if (at + ENTRY_LENGTH > end || view.getUint32(at, true) !== DIRECTORY_ENTRY) {
      throw new FileError(place, 'must be in the directory');
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const extra = at + ENTRY_LENGTH + nameLength;
    const next = extra + extraLength + view.getUint16(at + 32, true);
    if (next > end) throw new FileError(place, "must end before the directory's end");
    const name = decodeName(bytes.subarray(at + ENTRY_LENGTH, extra), view.getUint16(at + 8, true), place);
    const entry = readDirectoryEntry(view, at, extra, extraLength, `entry '${shown(name)}'`);
    if (entries.has(name)) throw new FileError(`entry '${shown(name)}'`, 'must not occur twice');
    stored += entry.stored;
    size += entry.size;
    if (!name.endsWith('/')) entries.set(name, entry);
    at = next;
  }
  if (at !== end) throw new FileError('the archive', `must have ${count} entries, as it says, but has more`);
  if (stored > bytes.length) throw new FileError('the archive', 'has entries that lie on one another');
  if (size > maxBytes) {
    const advice = 'give a larger maxBytes if you trust it';
    throw new FileError('the archive', `must inflate to ${maxBytes} bytes at most, but says ${size}`, { advice });
  }
  return entries;
}

const shown = (name: string) => (name.length > 100 ? `${name.slice(0, 99)}…` : name);

function findDirectory(view: DataView): Directory {
  const lowest = Math.max(view.byteLength - END_LENGTH - LONGEST_COMMENT, 0);
  for (let at = view.byteLength - END_LENGTH; at >= lowest; at--) {
    if (view.getUint32(at, true) !== END) continue;
    // Of a comment's bytes that look like the end, or of something behind the archive.
    if (at + END_LENGTH + view.getUint16(at + 20, true) !== view.byteLength) continue;
    return readEnd(view, at);
  }
  const isStart = view.byteLength >= 4 && view.getUint32(0, true) === LOCAL_HEADER;
  throw new FileError('the file', isStart ? 'is a zip archive that has been cut off' : 'is not a zip archive');
}

function readEnd(view: DataView, at: number): Directory {
  const disks = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)];
  const counts = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const length = view.getUint32(at + 12, true);
  const start = view.getUint32(at + 16, true);
  const needs64 = counts[1] === IN_EXTRA_16 || length === IN_EXTRA_32 || start === IN_EXTRA_32;
  if (needs64) return readEnd64(view, at);
  if (disks.some((disk) => disk !== 0) || counts[0] !== counts[1]) throw inParts();
  return requireBefore({ start, length, entries: counts[1] as number }, at);
}

const inParts = () => new FileError('the archive', 'must be in one part');

function readEnd64(view: DataView, end: number): Directory {
  const locator = end - LOCATOR_64_LENGTH;
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR_64) {
    throw new FileError("the archive's end", 'must say where its zip64 directory is');
  }
  const at = readLong(view, locator + 8);
  if (at > locator - END_64_LENGTH || view.getUint32(at, true) !== END_64) {
    throw new FileError("the archive's end", 'must have its zip64 directory before it');
  }
  if (view.getUint32(at + 16, true) !== 0 || view.getUint32(at + 20, true) !== 0) throw inParts();
  const directory = {
    start: readLong(view, at + 48),
    length: readLong(view, at + 40),
    entries: readLong(view, at + 32),
  };
  return requireBefore(directory, at);
}

/** What is put in front of an archive moves everything in it. */
function requireBefore(directory: Directory, end: number): Directory {
  if (directory.start + directory.length === end) return directory;
  const rule = `must have its directory at byte ${directory.start}, right before its end, as it says`;
  throw new FileError('the archive', rule, { advice: 'remove what stands in front of it' });
}

function readLong(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function decodeName(bytes: Uint8Array, flags: number, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if ((flags & IS_UTF8) === 0) return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    throw new FileError(place, 'must have a name in UTF-8, as it says', { cause });
  }
}

function readDirectoryEntry(view: DataView, at: number, extra: number, extraLength: number, place: string): Entry {
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  if ((flags & IS_ENCRYPTED) !== 0) throw new FileError(place, 'must not be encrypted');
  if (method !== STORED && method !== DEFLATED) {
    const advice = 'zip it again, by deflate or uncompressed';
    throw new FileError(place, `is compressed by method ${method}, not by deflate`, { advice });
  }
  // Whichever of these does not fit in 32 bits is in the extra field, in this order.
  const fields = [24, 20, 42].map((offset) => view.getUint32(at + offset, true));
  if (fields.includes(IN_EXTRA_32)) readExtra64(view, extra, extra + extraLength, fields, place);
  const [size, stored, header] = fields as [number, number, number];
  if (method === STORED ? size !== stored : size > stored * MOST_EXPANSION) {
    throw new FileError(place, `claims ${size} bytes, which the ${stored} that are stored cannot be`);
  }
  if (header + stored > at) throw new FileError(place, 'must lie before the directory');
  return { isDeflated: method === DEFLATED, checksum: view.getUint32(at + 16, true), stored, size, header };
}

function readExtra64(view: DataView, start: number, end: number, fields: number[], place: string): void {
  for (let at = start; at + 4 <= end; ) {
    const length = view.getUint16(at + 2, true);
    const next = at + 4 + length;
    if (view.getUint16(at, true) === EXTRA_64 && next <= end) {
      let from = at + 4;
      for (const [n, field] of fields.entries()) {
        if (field !== IN_EXTRA_32 || from + 8 > next) continue;
        fields[n] = readLong(view, from);
        from += 8;
      }
      return;
    }
    at = next;
  }
  throw new FileError(place, 'must have its sizes in a zip64 field, as it says');
}

function readEntry(view: DataView, bytes: Uint8Array, name: string, entry: Entry): Uint8Array {
  const place = `entry '${shown(name)}'`;
  const { header, stored, size } = entry;
  if (header + LOCAL_LENGTH > bytes.length || view.getUint32(header, true) !== LOCAL_HEADER) {
    throw new FileError(place, `must begin at byte ${header}`);
  }
  const nameStart = header + LOCAL_LENGTH;
  const nameEnd = nameStart + view.getUint16(header + 26, true);
  const start = nameEnd + view.getUint16(header + 28, true);
  if (start + stored > bytes.length) throw new FileError(place, "must end before the file's end");
  if (decodeName(bytes.subarray(nameStart, nameEnd), view.getUint16(header + 6, true), place) !== name) {
    throw new FileError(place, 'must be called the same where it lies as in the directory');
  }
  const data = bytes.subarray(start, start + stored);
  const read = entry.isDeflated ? inflate(data, size, place) : data;
  if (crc32(read) !== entry.checksum) throw new FileError(place, 'is damaged: its checksum differs');
  return read;
}

/** 1980-01-01, the first date that there is, so that the same files are the same archive. */
const DATE = 0x21;
const VERSION = 20;

/**
 * Writes a zip archive, uncompressed, with names in UTF-8.
 *
 * @param entries The files, in this order.
 * @throws RangeError if it would take 4 GiB or more, or more than 65,534 entries.
 */
export function writeZip(entries: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const named = entries.map(([name, bytes]) => ({ name: new TextEncoder().encode(name), bytes }));
  const filesLength = named.reduce((sum, { name, bytes }) => sum + LOCAL_LENGTH + name.length + bytes.length, 0);
  const directoryLength = named.reduce((sum, { name }) => sum + ENTRY_LENGTH + name.length, 0);
  const total = filesLength + directoryLength + END_LENGTH;
  if (total >= IN_EXTRA_32 || named.length >= IN_EXTRA_16) {
    throw new RangeError(`writeZip: an archive without zip64 must be smaller than 4 GiB, got ${total} bytes`);
  }
  const archive = new Uint8Array(total);
  const view = new DataView(archive.buffer);
  let at = 0;
  let directory = filesLength;
  for (const { name, bytes } of named) {
    view.setUint32(at, LOCAL_HEADER, true);
    view.setUint32(directory, DIRECTORY_ENTRY, true);
    view.setUint16(directory + 4, VERSION, true);
    // From the version on the two agree.
    const checksum = crc32(bytes);
    for (const fields of [at + 4, directory + 6]) {
      view.setUint16(fields, VERSION, true);
      view.setUint16(fields + 2, IS_UTF8, true);
      view.setUint16(fields + 8, DATE, true);
      view.setUint32(fields + 10, checksum, true);
      view.setUint32(fields + 14, bytes.length, true);
      view.setUint32(fields + 18, bytes.length, true);
      view.setUint16(fields + 22, name.length, true);
    }
    view.setUint32(directory + 42, at, true);
    archive.set(name, at + LOCAL_LENGTH);
    archive.set(name, directory + ENTRY_LENGTH);
    archive.set(bytes, at + LOCAL_LENGTH + name.length);
    at += LOCAL_LENGTH + name.length + bytes.length;
    directory += ENTRY_LENGTH + name.length;
  }
  view.setUint32(directory, END, true);
  view.setUint16(directory + 8, named.length, true);
  view.setUint16(directory + 10, named.length, true);
  view.setUint32(directory + 12, directoryLength, true);
  view.setUint32(directory + 16, filesLength, true);
  return archive;
}

const CRC_TABLES = crcTables();

/** Four tables, so that four bytes are taken at a time. */
function crcTables(): Uint32Array[] {
  const tables = [0, 1, 2, 3].map(() => new Uint32Array(256));
  const [first] = tables as [Uint32Array];
  for (let n = 0; n < 256; n++) {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    first[n] = value;
  }
  for (let t = 1; t < 4; t++) {
    for (let n = 0; n < 256; n++) {
      const before = tables[t - 1]?.[n] as number;
      (tables[t] as Uint32Array)[n] = (before >>> 8) ^ (first[before & 255] as number);
    }
  }
  return tables;
}

function crc32(bytes: Uint8Array): number {
  const [t0, t1, t2, t3] = CRC_TABLES as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  let sum = 0xffffffff;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const a = (sum ^ (bytes[at] as number)) & 255;
    const b = ((sum >>> 8) ^ (bytes[at + 1] as number)) & 255;
    const c = ((sum >>> 16) ^ (bytes[at + 2] as number)) & 255;
    const d = ((sum >>> 24) ^ (bytes[at + 3] as number)) & 255;
    sum = (t3[a] as number) ^ (t2[b] as number) ^ (t1[c] as number) ^ (t0[d] as number);
  }
  for (; at < bytes.length; at++) sum = (sum >>> 8) ^ (t0[(sum ^ (bytes[at] as number)) & 255] as number);
  return ~sum >>> 0;
}

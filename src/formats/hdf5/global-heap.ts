import { decodeText } from '../decode-text.js';
import { FileError } from '../file-error.js';
import { type Cursor, cursorAt, type Hdf5Bytes, NOWHERE } from './cursor.js';

/** Where a collection's objects are, by their numbers. */
type Collection = Map<number, { start: number; length: number }>;

/** Texts of any length, which lie in collections apart from what they belong to. */
export class GlobalHeap {
  private readonly collections = new Map<number, Collection>();
  /** A file may point at one text as often as it likes. */
  private readonly texts = new Map<string, string>();
  private decoded = 0;

  constructor(private readonly file: Hdf5Bytes) {}

  /** The text that a reference at a cursor leads to. */
  readText(reference: Cursor): string {
    const { place } = reference;
    const length = reference.u32();
    const address = reference.address();
    const number = reference.u32();
    if (length === 0 || address === NOWHERE || address === 0) return '';
    const key = `${address} ${number}`;
    const known = this.texts.get(key);
    if (known !== undefined) return known;
    const found = this.collectionAt(address, place).get(number);
    if (found === undefined || found.length !== length) {
      throw new FileError(place, `must lead to ${length} bytes in the global heap at byte ${address}`);
    }
    this.decoded += length;
    const size = this.file.bytes.length;
    if (this.decoded > size) throw new FileError(place, 'must not lead to texts that lie on one another');
    const bytes = this.file.bytes.subarray(found.start, found.start + length);
    const text = decodeText(bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes, place);
    this.texts.set(key, text);
    return text;
  }

  private collectionAt(address: number, place: string): Collection {
    const known = this.collections.get(address);
    if (known !== undefined) return known;
    const collection: Collection = new Map();
    const head = cursorAt(this.file, address, 8 + this.file.lengthSize, place);
    head.expect('GCOL');
    head.version(1);
    head.skip(3);
    const cursor = cursorAt(this.file, address, head.length(), place);
    cursor.skip(8 + this.file.lengthSize);
    while (cursor.left >= 8 + this.file.lengthSize) {
      const start = cursor.at;
      const number = cursor.u16();
      cursor.skip(6);
      const length = cursor.length();
      // What is left at the end, free.
      if (number === 0) break;
      collection.set(number, { start: cursor.at, length });
      cursor.skip(length);
      if (cursor.left > 0) cursor.alignFrom(start);
    }
    this.collections.set(address, collection);
    return collection;
  }
}

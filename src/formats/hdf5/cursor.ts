import { decodeText } from '../decode-text.js';
import { FileError } from '../file-error.js';

/** What a file has in the place of an address that there is not. */
export const NOWHERE = -1;

const UPPER = 2 ** 32;

/** A file, and how large the addresses and lengths in it are. */
export interface Hdf5Bytes {
  bytes: Uint8Array;
  view: DataView;
  /** Of an address, in bytes. */
  addressSize: number;
  /** Of a length, in bytes. */
  lengthSize: number;
}

/** Reads a piece of a file from its start to its end, and nothing beyond. */
export class Cursor {
  /**
   * @param place How an error names the piece.
   */
  constructor(
    readonly file: Hdf5Bytes,
    public at: number,
    readonly end: number,
    readonly place: string,
  ) {
    if (end > file.bytes.length || at < 0) {
      throw new FileError(place, `must be within the file, but ends at byte ${end} of ${file.bytes.length}`);
    }
  }

  get left(): number {
    return this.end - this.at;
  }

  private advance(length: number): number {
    const start = this.at;
    if (length > this.end - start) throw new FileError(this.place, `is cut off at byte ${this.end}`);
    this.at = start + length;
    return start;
  }

  u8(): number {
    return this.file.view.getUint8(this.advance(1));
  }

  u16(): number {
    return this.file.view.getUint16(this.advance(2), true);
  }

  u32(): number {
    return this.file.view.getUint32(this.advance(4), true);
  }

  /** A number without sign of so many bytes, at most 8. */
  unsigned(size: number): number {
    const start = this.advance(size);
    let value = 0;
    for (let n = size - 1; n >= 0; n--) value = value * 256 + this.file.view.getUint8(start + n);
    if (!Number.isSafeInteger(value))
      throw new FileError(this.place, `has a number at byte ${start} that is too large`);
    return value;
  }

  length(): number {
    return this.unsigned(this.file.lengthSize);
  }

  /** An address, or NOWHERE. */
  address(): number {
    const size = this.file.addressSize;
    const start = this.at;
    const isNowhere = this.take(size).every((byte) => byte === 255);
    if (isNowhere) return NOWHERE;
    this.at = start;
    return this.unsigned(size);
  }

  take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.file.bytes.subarray(start, start + length);
  }

  skip(length: number): void {
    this.advance(length);
  }

  /** Passes over what fills a piece up to a multiple of 8 bytes, counted from where it begins. */
  alignFrom(start: number): void {
    this.skip((8 - ((this.at - start) % 8)) % 8);
  }

  /** Letters that a structure begins with. */
  expect(signature: string): void {
    const found = latin1(this.take(signature.length));
    if (found !== signature) throw new FileError(this.place, `must begin with ${signature}`);
  }

  /** A text up to the byte 0, which is passed over. */
  text(longest: number): string {
    const rest = this.file.bytes.subarray(this.at, Math.min(this.end, this.at + longest + 1));
    const length = rest.indexOf(0);
    if (length === -1) throw new FileError(this.place, `must have a name that ends, of ${longest} bytes at most`);
    const text = decodeText(rest.subarray(0, length), this.place);
    this.at += length + 1;
    return text;
  }

  version(...known: number[]): number {
    const version = this.u8();
    if (known.includes(version)) return version;
    const advice = "write the file with h5py's default libver, or repack it by h5repack -h 0";
    throw new FileError(this.place, `has version ${version}, which this reader does not know`, { advice });
  }
}

/** A piece of a file, by where it begins. */
export function cursorAt(file: Hdf5Bytes, start: number, length: number, place: string): Cursor {
  if (start === NOWHERE) throw new FileError(place, 'is nowhere in the file');
  return new Cursor(file, start, start + length, place);
}

export const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** A 64-bit number's halves, for a writer. */
export function writeLong(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % UPPER, true);
  view.setUint32(at + 4, Math.floor(value / UPPER), true);
}

import { FileError } from './file-error.js';
import { FOUR_BYTES, LENGTH_DELIMITED, VARINT } from './protobuf-writer.js';

const EIGHT_BYTES = 1;
const WIRE_TYPES = new Map([
  [VARINT, 'a varint'],
  [EIGHT_BYTES, '8 bytes'],
  [LENGTH_DELIMITED, 'a length and bytes'],
  [FOUR_BYTES, '4 bytes'],
]);

const TEXT = new TextDecoder();

/** How many more messages and texts a document may have, all together: an empty one takes two bytes of a file, but an object. */
export interface ItemBudget {
  left: number;
}

/**
 * Reads a message of Protocol Buffers field by field, the fields that nobody asks for included:
 *
 *     for (let field = reader.next(); field !== 0; field = reader.next()) {
 *       if (field === 1) name = reader.text();
 *       else reader.skip();
 *     }
 *
 * Whatever it reads is within the message; all else is a FileError.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufReader {
  private wireType = VARINT;
  private field = 0;
  private at = 0;
  private end: number;
  private depth = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly budget: ItemBudget,
    private readonly view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  ) {
    this.end = bytes.length;
  }

  /** Goes to the next field, whose value must then be read or skipped. Returns its number, or 0 at the end. */
  next(): number {
    if (this.at === this.end) return 0;
    const key = this.unsigned();
    const field = Math.floor(key / 8);
    this.wireType = key % 8;
    if (field < 1 || field >= 2 ** 29) throw this.error('must begin a field with a number from 1 to 2^29 - 1');
    if (!WIRE_TYPES.has(this.wireType)) throw this.error(`begins a field of the unknown wire type ${this.wireType}`);
    this.field = field;
    return field;
  }

  skip(): void {
    if (this.wireType === VARINT) this.varint();
    else if (this.wireType === LENGTH_DELIMITED) this.take(this.length());
    else this.take(this.wireType === EIGHT_BYTES ? 8 : 4);
  }

  /** An int64, int32, enumeration or bool, exact up to 2^53. */
  integer(): number {
    this.require(VARINT);
    return this.signed();
  }

  float(): number {
    this.require(FOUR_BYTES);
    return this.view.getFloat32(this.take(4), true);
  }

  fixed32(): number {
    this.require(FOUR_BYTES);
    return this.view.getUint32(this.take(4), true);
  }

  /** A view of the file's bytes. */
  rawBytes(): Uint8Array {
    this.require(LENGTH_DELIMITED);
    const length = this.length();
    const from = this.take(length);
    return this.bytes.subarray(from, from + length);
  }

  text(): string {
    this.spend();
    return TEXT.decode(this.rawBytes());
  }

  /**
   * A message within this one.
   *
   * @param deepest How many messages may lie within each other.
   */
  message(deepest: number): ProtobufReader {
    this.spend();
    this.require(LENGTH_DELIMITED);
    if (this.depth >= deepest) throw this.error(`must not hold messages nested deeper than ${deepest}`);
    const length = this.length();
    // One view serves all: there may be millions of messages.
    const inner = new ProtobufReader(this.bytes, this.budget, this.view);
    inner.at = this.take(length);
    inner.end = this.at;
    inner.depth = this.depth + 1;
    return inner;
  }

  /**
   * Adds an entry of a repeated field of integers, or all that are packed in it.
   *
   * @param most How many there may be.
   */
  integersInto(list: number[], most = Number.POSITIVE_INFINITY): void {
    this.varintsInto(() => {
      const value = this.signed();
      if (list.push(value) > most) throw this.error(`must have at most ${most} numbers in a list`);
    });
  }

  bigintsInto(list: bigint[]): void {
    this.varintsInto(() => list.push(BigInt.asIntN(64, this.varint())));
  }

  floatsInto(list: number[]): void {
    if (this.wireType !== LENGTH_DELIMITED) list.push(this.float());
    else this.packedInto(4, (at) => list.push(this.view.getFloat32(at, true)));
  }

  doublesInto(list: number[]): void {
    if (this.wireType === LENGTH_DELIMITED) {
      this.packedInto(8, (at) => list.push(this.view.getFloat64(at, true)));
      return;
    }
    this.require(EIGHT_BYTES);
    list.push(this.view.getFloat64(this.take(8), true));
  }

  private varintsInto(add: () => void): void {
    if (this.wireType === VARINT) {
      add();
      return;
    }
    this.require(LENGTH_DELIMITED);
    const end = this.length() + this.at;
    while (this.at < end) add();
    if (this.at > end) throw this.error('ends in the middle of a packed number');
  }

  private packedInto(size: number, add: (at: number) => void): void {
    const length = this.length();
    if (length % size !== 0) throw this.error(`must be packed numbers of ${size} bytes each, but has ${length} bytes`);
    const from = this.take(length);
    for (let at = from; at < from + length; at += size) add(at);
  }

  private signed(): number {
    const isOneByte = this.at < this.end && (this.bytes[this.at] as number) < 0x80;
    return isOneByte ? this.unsigned() : Number(BigInt.asIntN(64, this.varint()));
  }

  /** A number, exact up to 2^53. */
  private unsigned(): number {
    // Nearly all are of one byte, and bigints slow.
    const first = this.bytes[this.at] as number;
    if (this.at < this.end && first < 0x80) {
      this.at += 1;
      return first;
    }
    return Number(this.varint());
  }

  private varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.at >= this.end) throw this.error('ends in the middle of a number');
      const byte = this.bytes[this.at] as number;
      this.at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw this.error('must have numbers of ten bytes at most');
  }

  private length(): number {
    const length = this.unsigned();
    const left = this.end - this.at;
    if (length > left) throw this.error(`says that ${length} bytes follow, but ${left} do`);
    return length;
  }

  /** Where so many bytes begin, which are then behind. */
  private take(length: number): number {
    const from = this.at;
    const left = this.end - from;
    if (length > left) throw this.error(`says that ${length} bytes follow, but ${left} do`);
    this.at += length;
    return from;
  }

  private require(wireType: number): void {
    if (this.wireType === wireType) return;
    const [expected, received] = [WIRE_TYPES.get(wireType), WIRE_TYPES.get(this.wireType)];
    throw this.error(`must have ${expected} in its field ${this.field}, but has ${received}`);
  }

  private spend(): void {
    this.budget.left -= 1;
    if (this.budget.left < 0) throw this.error('is beyond the number of messages and texts that a file may have');
  }

  private error(rule: string): FileError {
    return new FileError(`byte ${this.at}`, rule);
  }
}

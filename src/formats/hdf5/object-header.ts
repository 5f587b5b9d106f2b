import { FileError } from '../file-error.js';
import { Cursor, cursorAt, type Hdf5Bytes } from './cursor.js';

/** The kinds of messages that are read. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** One message of an object's header: what the object is, piece by piece. */
export interface Message {
  type: number;
  /** What it says lies elsewhere, where several objects have it in common. */
  isShared: boolean;
  start: number;
  end: number;
}

const IS_SHARED = 2;
const HAS_TIMES = 0x20;
const HAS_PHASE_CHANGE = 0x10;
const HAS_CREATION_ORDER = 4;
const CHECKSUM = 4;

/**
 * Reads the messages of an object's header, in the format of HDF5 1.0 or of 1.8.
 *
 * @throws FileError
 */
export function readObjectHeader(file: Hdf5Bytes, address: number, place: string): Message[] {
  const start = cursorAt(file, address, 4, place);
  return start.file.bytes[address] === 1 ? readFirst(file, address, place) : readSecond(file, address, place);
}

function readFirst(file: Hdf5Bytes, address: number, place: string): Message[] {
  const head = cursorAt(file, address, 16, place);
  head.version(1);
  head.skip(7);
  const size = head.u32();
  const messages: Message[] = [];
  const chunks = new Chunks(cursorAt(file, address + 16, size, place));
  for (let chunk = chunks.next(); chunk !== undefined; chunk = chunks.next()) {
    while (chunk.left >= 8) {
      const type = chunk.u16();
      const length = chunk.u16();
      const flags = chunk.u8();
      chunk.skip(3);
      add(messages, chunks, chunk, type, length, flags);
    }
  }
  return messages;
}

function readSecond(file: Hdf5Bytes, address: number, place: string): Message[] {
  const head = new Cursor(file, address, file.bytes.length, place);
  head.expect('OHDR');
  head.version(2);
  const flags = head.u8();
  if ((flags & HAS_TIMES) !== 0) head.skip(16);
  if ((flags & HAS_PHASE_CHANGE) !== 0) head.skip(4);
  const size = head.unsigned(1 << (flags & 3));
  const extra = (flags & HAS_CREATION_ORDER) === 0 ? 0 : 2;
  const messages: Message[] = [];
  const chunks = new Chunks(cursorAt(file, head.at, size, place), 'OCHK');
  for (let chunk = chunks.next(); chunk !== undefined; chunk = chunks.next()) {
    // What is too short for a message is a gap.
    while (chunk.left >= 4 + extra) {
      const type = chunk.u8();
      const length = chunk.u16();
      const messageFlags = chunk.u8();
      chunk.skip(extra);
      add(messages, chunks, chunk, type, length, messageFlags);
    }
  }
  return messages;
}

function add(messages: Message[], chunks: Chunks, chunk: Cursor, type: number, length: number, flags: number): void {
  const start = chunk.at;
  chunk.skip(length);
  if (type !== MESSAGE.continuation) {
    messages.push({ type, isShared: (flags & IS_SHARED) !== 0, start, end: start + length });
    return;
  }
  const continuation = new Cursor(chunk.file, start, start + length, chunk.place);
  chunks.add(continuation.address(), continuation.length());
}

/** The pieces that a header is in, each of which may name further ones. */
class Chunks {
  private readonly waiting: Cursor[];
  private readonly known: Set<number>;

  /**
   * @param signature What a further piece begins with; then it ends with a checksum too.
   */
  constructor(
    private readonly first: Cursor,
    private readonly signature: string | null = null,
  ) {
    this.waiting = [first];
    this.known = new Set([first.at]);
  }

  next(): Cursor | undefined {
    return this.waiting.shift();
  }

  add(address: number, length: number): void {
    const { file, place } = this.first;
    if (this.known.has(address)) throw new FileError(place, 'must not continue where it has been before');
    this.known.add(address);
    const whole = cursorAt(file, address, length, place);
    if (this.signature === null) {
      this.waiting.push(whole);
      return;
    }
    whole.expect(this.signature);
    if (whole.left < CHECKSUM) throw new FileError(place, 'is cut off');
    this.waiting.push(new Cursor(file, whole.at, whole.end - CHECKSUM, place));
  }
}

/** The message of a kind, as a cursor; undefined where the object has none. */
export function findMessage(file: Hdf5Bytes, messages: Message[], type: number, place: string): Cursor | undefined {
  const found = messages.find((message) => message.type === type);
  if (found === undefined) return undefined;
  if (found.isShared) {
    const advice = 'write it again without committed types';
    throw new FileError(place, 'shares its type or shape with others, which this reader does not follow', { advice });
  }
  return new Cursor(file, found.start, found.end, place);
}

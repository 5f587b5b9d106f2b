import type { ByteSource, FirstRows } from './byte-source.js';
import { FileError } from './file-error.js';

const CHUNK = 65_536;
const HIGHEST_RANK = 32;
/** Of a number or a name. */
const LONGEST_TOKEN = 1000;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const CONSTANTS: Readonly<Record<string, number>> = { true: 1, false: 0 };

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const code = (character: string) => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code('\\');
const COMMA = code(',');
const COLON = code(':');
const OPEN_ARRAY = code('[');
const CLOSE_ARRAY = code(']');
const OPEN_OBJECT = code('{');
const CLOSE_OBJECT = code('}');
const END = -1;

const isSpace = (byte: number) => byte === 32 || byte === 10 || byte === 13 || byte === 9;
/** Letters, digits and signs: what numbers, `true` and `false` are made of. */
const isOfToken = (byte: number) =>
  (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 122) || byte === 45 || byte === 46 || byte === 69 || byte === 43;

/** Goes through bytes one by one, and holds a piece of them at a time. */
class Cursor {
  private chunk: Uint8Array = new Uint8Array(0);
  private chunkStart = 0;
  private at = 0;
  private readonly token = new Uint8Array(LONGEST_TOKEN);

  constructor(private readonly source: ByteSource) {
    const isMarked = [0xef, 0xbb, 0xbf].every((byte, n) => source.read(0, 3)[n] === byte);
    if (isMarked) this.chunkStart = 3;
  }

  get offset(): number {
    return this.chunkStart + this.at;
  }

  peek(): number {
    if (this.at >= this.chunk.length) {
      this.chunkStart += this.chunk.length;
      this.chunk = this.source.read(this.chunkStart, CHUNK);
      this.at = 0;
    }
    return this.at < this.chunk.length ? (this.chunk[this.at] as number) : END;
  }

  /** The next byte that is no white space; it stays the next. */
  peekBeyondSpace(): number {
    let byte = this.peek();
    while (isSpace(byte)) {
      this.at++;
      byte = this.peek();
    }
    return byte;
  }

  skip(): void {
    this.at++;
  }

  /** Passes over one byte that must come next, white space aside. */
  expect(byte: number, rule: string): void {
    if (this.peekBeyondSpace() !== byte) throw this.fail(rule);
    this.at++;
  }

  /** The letters, digits and signs that come next. */
  readToken(): string {
    return String.fromCharCode.apply(null, this.readWhile(isOfToken) as unknown as number[]);
  }

  /** A name in quotes. */
  readName(): string {
    this.expect(QUOTE, 'must begin a name in quotes');
    let isEscaped = false;
    const body = this.readWhile((byte) => {
      if (byte === END || (byte === QUOTE && !isEscaped)) return false;
      isEscaped = byte === BACKSLASH && !isEscaped;
      return true;
    });
    this.expect(QUOTE, 'must end a name');
    try {
      return JSON.parse(`"${UTF8.decode(body)}"`);
    } catch {
      throw new FileError(`byte ${this.offset}`, 'must end a name as JSON has it');
    }
  }

  /** The bytes that come next, which stay as they are until the next call only. */
  private readWhile(holds: (byte: number) => boolean): Uint8Array {
    let length = 0;
    for (let byte = this.peek(); holds(byte); byte = this.peek()) {
      if (length === LONGEST_TOKEN) throw this.fail(`must end a number or name of ${LONGEST_TOKEN} characters`);
      this.token[length++] = byte;
      this.at++;
    }
    return this.token.subarray(0, length);
  }

  fail(rule: string): FileError {
    const byte = this.peek();
    const found =
      byte === END ? 'the end' : byte > 32 && byte < 127 ? `'${String.fromCharCode(byte)}'` : `byte ${byte}`;
    return new FileError(`byte ${this.offset}`, `${rule}, got ${found}`);
  }
}

/** Gathers the numbers of one array, and finds its shape as it goes. */
class ArrayReader {
  private readonly shape: number[] = [];
  /** Known from the first number or empty array on. */
  private rank: number | null = null;
  private values = new Float32Array(64);
  private count = 0;
  /** Where the reader is, an index an axis. */
  private readonly index: number[] = [];

  constructor(
    private readonly cursor: Cursor,
    private readonly rows: number,
  ) {}

  read(): FirstRows {
    this.readItem();
    return { shape: this.shape, values: this.values.slice(0, this.count) };
  }

  private readItem(): void {
    if (this.cursor.peekBeyondSpace() === OPEN_ARRAY) this.readArray();
    else this.readNumber();
  }

  private readArray(): void {
    const axis = this.index.length;
    if (axis === this.rank) throw this.fail('must be a number, like those before it');
    if (axis === HIGHEST_RANK) throw this.fail(`must not be nested deeper than ${HIGHEST_RANK} arrays`);
    this.cursor.skip();
    let length = 0;
    if (this.cursor.peekBeyondSpace() === CLOSE_ARRAY) {
      this.rank ??= axis + 1;
    } else {
      this.index.push(0);
      for (;;) {
        this.index[axis] = length++;
        this.readItem();
        if (this.cursor.peekBeyondSpace() !== COMMA) break;
        this.cursor.skip();
      }
      this.index.pop();
    }
    this.cursor.expect(CLOSE_ARRAY, "must be ',' or ']'");
    this.shape[axis] ??= length;
    if (this.shape[axis] !== length) {
      throw this.fail(`must have ${this.shape[axis]} items, like the arrays before it, but has ${length}`);
    }
  }

  private readNumber(): void {
    const text = this.cursor.readToken();
    if (!NUMBER.test(text) && !Object.hasOwn(CONSTANTS, text)) {
      if (text === '') throw this.cursor.fail('must begin a number or an array');
      throw this.fail(`must be a number, got ${text.slice(0, 40)}`);
    }
    this.rank ??= this.index.length;
    if (this.index.length < this.rank) throw this.fail('must be an array, like those before it');
    if ((this.index[0] ?? 0) >= this.rows) return;
    if (this.count === this.values.length) {
      const larger = new Float32Array(2 * this.count);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = CONSTANTS[text] ?? Number(text);
  }

  private fail(rule: string): FileError {
    return new FileError(this.index.length === 0 ? 'the array' : `[${this.index.join('][')}]`, rule);
  }
}

/**
 * Reads JSON of numbers: nested arrays of equal lengths, with true and false for 1 and 0, or an object of them by name.
 * The whole document is checked, but only the first rows of each array are kept.
 *
 * @param rows How many rows of each array are kept.
 * @returns The array, or the arrays by name.
 * @throws FileError for anything else, for a name that comes twice, for arrays nested deeper than 32.
 */
export function readJsonArrays(
  source: ByteSource,
  rows = Number.POSITIVE_INFINITY,
): FirstRows | Map<string, FirstRows> {
  const cursor = new Cursor(source);
  const isNamed = cursor.peekBeyondSpace() === OPEN_OBJECT;
  const read = isNamed ? readNamed(cursor, rows) : new ArrayReader(cursor, rows).read();
  cursor.expect(END, 'must be the end of the document');
  return read;
}

function readNamed(cursor: Cursor, rows: number): Map<string, FirstRows> {
  const arrays = new Map<string, FirstRows>();
  cursor.skip();
  if (cursor.peekBeyondSpace() === CLOSE_OBJECT) {
    cursor.skip();
    return arrays;
  }
  for (;;) {
    const name = cursor.readName();
    if (arrays.has(name)) throw new FileError(`'${name}'`, 'must not occur twice');
    cursor.expect(COLON, "must be ':'");
    try {
      arrays.set(name, new ArrayReader(cursor, rows).read());
    } catch (error) {
      if (error instanceof FileError && !error.place.startsWith('byte')) {
        throw new FileError(`'${name}' ${error.place}`, error.rule);
      }
      throw error;
    }
    if (cursor.peekBeyondSpace() !== COMMA) break;
    cursor.skip();
  }
  cursor.expect(CLOSE_OBJECT, "must be ',' or '}'");
  return arrays;
}

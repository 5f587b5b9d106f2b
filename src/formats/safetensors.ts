import { decodeText } from './decode-text.js';
import { FileError } from './file-error.js';
import { parseJson } from './parse-json.js';
import type { StoredArray, StoredDtype } from './stored-array.js';
import { BYTES_OF, decodeNumbers, encodeNumbers } from './stored-numbers.js';

const DTYPES: Readonly<Record<string, StoredDtype>> = {
  BOOL: 'bool',
  I8: 'int8',
  U8: 'uint8',
  I16: 'int16',
  U16: 'uint16',
  I32: 'int32',
  U32: 'uint32',
  I64: 'int64',
  U64: 'uint64',
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
};

const NAMES = new Map(Object.entries(DTYPES).map(([name, dtype]) => [dtype, name]));

/** The format's own bound, in bytes. */
const LONGEST_HEADER = 100_000_000;
const METADATA = '__metadata__';
const FOREIGN = [
  { start: [0x50, 0x4b, 3, 4], title: 'a zip archive, such as torch.save writes' },
  { start: [0x80, 2], title: 'a pickle of Python' },
];
const SAVE = "save it by safetensors.torch.save_file(model.state_dict(), 'model.safetensors')";

/** What a safetensors file holds. */
export interface Safetensors {
  /** By name. */
  tensors: Map<string, StoredArray>;
  /** What whoever wrote the file says about it. */
  metadata: Map<string, string>;
}

interface Entry {
  name: string;
  place: string;
  dtype: StoredDtype;
  shape: number[];
  start: number;
  end: number;
}

/**
 * Reads a safetensors file. The numbers are views of the file's bytes where these lie as memory must.
 * Format: https://github.com/huggingface/safetensors#format
 *
 * @throws FileError for what breaks a rule of the format: tensors that overlap or leave a gap, and names that stand there
 *   twice, among them; and for floats of 8 bits or fewer.
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const { header, dataStart } = readHeader(bytes);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) readMetadata(value, metadata);
    else entries.push(readEntry(name, value));
  }
  requireWholeFile(entries, bytes.length - dataStart);
  const tensors = entries.map(({ name, dtype, shape, start, end }): [string, StoredArray] => {
    const data = decodeNumbers(dtype, bytes.subarray(dataStart + start, dataStart + end));
    return [name, { dtype, shape, data }];
  });
  return { tensors: new Map(tensors), metadata };
}

function readHeader(bytes: Uint8Array): { header: object; dataStart: number } {
  const kind = bytes[8] === 0x7b ? undefined : FOREIGN.find(({ start }) => start.every((byte, n) => bytes[n] === byte));
  if (kind !== undefined)
    throw new FileError('the file', `is ${kind.title}, and no safetensors file`, { advice: SAVE });
  if (bytes.length < 8) throw new FileError('the file', `must begin with 8 bytes of length, but has ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const most = Math.min(bytes.length - 8, LONGEST_HEADER);
  if (length > most) {
    throw new FileError('the length of the header', `must be ${most} bytes at most, but is ${length}`);
  }
  const text = decodeText(bytes.subarray(8, 8 + length), 'the header', { keepsMark: true });
  if (!text.startsWith('{')) throw new FileError('the header', "must begin with '{'");
  const header = parseJson(text);
  requireDistinctKeys(text);
  return { header: header as object, dataStart: 8 + length };
}

/** Of two members of one name JSON.parse keeps the last, and other readers the first. */
function requireDistinctKeys(json: string): void {
  const seen: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '{') seen.push(new Set());
    else if (character === '}') seen.pop();
    if (character !== '"') continue;
    const start = at;
    for (at++; json[at] !== '"'; at++) if (json[at] === '\\') at++;
    let next = at + 1;
    while (' \t\r\n'.includes(json[next] as string)) next++;
    if (json[next] !== ':') continue;
    const name: string = JSON.parse(json.slice(start, at + 1));
    const names = seen.at(-1) as Set<string>;
    if (names.has(name)) throw new FileError('the header', `must not have the name '${name}' twice`);
    names.add(name);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readMetadata(value: unknown, metadata: Map<string, string>): void {
  const entries = isObject(value) ? Object.entries(value) : [['', null]];
  for (const [name, text] of entries) {
    if (typeof text !== 'string') throw new FileError(METADATA, 'must be an object of texts');
    metadata.set(name as string, text);
  }
}

/** In bytes; not exact where no file could be so large. */
function sizeOf(dtype: StoredDtype, shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, BYTES_OF[dtype]);
}

const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

function readEntry(name: string, value: unknown): Entry {
  const place = `tensor '${name}'`;
  if (!isObject(value)) throw new FileError(place, 'must be described by an object');
  const { dtype: code, shape, data_offsets: offsets } = value;
  if (!Array.isArray(shape) || !shape.every(isSize)) throw new FileError(place, 'must have a shape of sizes');
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new FileError(place, 'must have data_offsets [begin, end]');
  }
  const dtype = typeof code === 'string' && Object.hasOwn(DTYPES, code) ? DTYPES[code] : undefined;
  if (dtype === undefined) {
    const rule = `must have one of the dtypes ${Object.keys(DTYPES).join(', ')}`;
    throw new FileError(place, rule, { advice: 'convert it, to F16 or BF16 say, before it is saved' });
  }
  const [start, end] = offsets as [number, number];
  const expected = sizeOf(dtype, shape as number[]);
  if (end - start !== expected) {
    throw new FileError(place, `must have ${expected} bytes by its shape and dtype, but has ${end - start}`);
  }
  return { name, place, dtype, shape: shape as number[], start, end };
}

/** Each byte after the header belongs to one tensor: nothing can be hidden in a file, or claimed twice. */
function requireWholeFile(entries: readonly Entry[], size: number): void {
  let at = 0;
  for (const { place, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at) {
      const fault = start < at ? 'overlap another' : 'leave a gap';
      throw new FileError(place, `must not ${fault}: it must begin at byte ${at} of the data, not ${start}`);
    }
    at = end;
  }
  if (at !== size) {
    throw new FileError('the data', `must have ${at} bytes, as the tensors end there, but has ${size}`);
  }
}

/**
 * Writes a safetensors file, the widest numbers first, so that all lie as memory must.
 *
 * @param metadata What the file says about itself: PyTorch's own readers expect `format: 'pt'`.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, StoredArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const widthOf = ([, { dtype }]: [string, StoredArray]) => BYTES_OF[dtype];
  const sorted = [...tensors].sort((a, b) => widthOf(b) - widthOf(a));
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set(METADATA, metadata);
  let size = 0;
  for (const [name, { dtype, shape }] of sorted) {
    const end = size + sizeOf(dtype, shape);
    header.set(name, { dtype: NAMES.get(dtype), shape, data_offsets: [size, end] });
    size = end;
  }
  const json = new TextEncoder().encode(jsonOf(header));
  const dataStart = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(dataStart + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  bytes.fill(0x20, 8, dataStart);
  bytes.set(json, 8);
  let at = dataStart;
  for (const [, array] of sorted) {
    const numbers = encodeNumbers(array);
    bytes.set(numbers, at);
    at += numbers.length;
  }
  return bytes;
}

/** An object would move the names that are numbers to the front, and lose one that is `__proto__`. */
function jsonOf(members: ReadonlyMap<string, unknown>): string {
  const written = [...members].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${written.join(',')}}`;
}

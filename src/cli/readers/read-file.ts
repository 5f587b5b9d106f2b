import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type ByteSource, inMemory } from '../../formats/byte-source.js';
import { FileError } from '../../formats/file-error.js';
import { parseJson } from '../../formats/parse-json.js';
import { messageOf, UserError } from '../user-error.js';

/** Of what is read as a whole into one text; what may be longer is read piece by piece. */
const LONGEST_TEXT = 2 ** 28;
const LONGEST_PIPE = 2 ** 30;

/** What is given in a path's place for the standard input. */
export const STANDARD_INPUT = '-';

/**
 * Opens a file, and closes it after it has been read. The standard input, `-`, is read as a whole, and can be read once.
 *
 * @param what What the file should be, for the error.
 * @param read Reads it, piece by piece; its `FileError` becomes a `UserError` that names the file.
 * @throws UserError where it is no readable file.
 */
export function readFrom<Result>(path: string, what: string, read: (source: ByteSource) => Result): Result {
  let file: number | null = null;
  try {
    if (path === STANDARD_INPUT) return read(inMemory(readStandardInput()));
    file = openSync(path, 'r');
    return read(sourceOf(file));
  } catch (cause) {
    if (cause instanceof FileError) throw new UserError(`${what} '${path}': ${cause.message}`, { cause });
    const reason = reasonOf(cause);
    if (reason === null) throw cause;
    throw new UserError(`${what} '${path}' cannot be read: ${reason}`, { cause });
  } finally {
    if (file !== null) closeSync(file);
  }
}

function readStandardInput(): Uint8Array {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = new Uint8Array(CHUNK);
    const count = readWhenThere(chunk);
    if (count === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, count));
    size += count;
    if (size > LONGEST_PIPE) throw new FileError('it', `must have ${LONGEST_PIPE} bytes at most`);
  }
}

function readWhenThere(chunk: Uint8Array): number {
  for (;;) {
    try {
      return readSync(0, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      // Who writes may have made the pipe one that does not wait.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function sourceOf(file: number): ByteSource {
  const stat = fstatSync(file);
  // A device or a pipe may never end.
  if (!stat.isFile()) throw new NotAFile('not a file');
  return {
    size: stat.size,
    read(start, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, stat.size - start)));
      let at = 0;
      while (at < bytes.length) {
        const count = readSync(file, bytes, at, bytes.length - at, start + at);
        if (count === 0) break;
        at += count;
      }
      return bytes.subarray(0, at);
    },
  };
}

class NotAFile extends Error {}

/** Why the system could not read; null for an error that is not of the system. */
function reasonOf(cause: unknown): string | null {
  if (cause instanceof NotAFile) return cause.message;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  return typeof code === 'string' ? messageOf(cause) : null;
}

/** A file's bytes, all of them. */
export function readBytes(path: string, what: string): Uint8Array {
  return readFrom(path, what, (source) => source.read(0, source.size));
}

/** A file's text, without a byte order mark. */
export function readText(path: string, what: string): string {
  const bytes = readFrom(path, what, (source) => {
    if (source.size <= LONGEST_TEXT) return source.read(0, source.size);
    throw new FileError('the file', `must have ${LONGEST_TEXT} bytes at most, but has ${source.size}`);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UserError(`${what} '${path}': the file is not text in UTF-8`, { cause });
  }
}

/** A file's JSON. */
export function readJson(path: string, what: string): unknown {
  const text = readText(path, what);
  try {
    return parseJson(text);
  } catch (cause) {
    throw new UserError(`${what} '${path}': ${messageOf(cause)}`, { cause });
  }
}

const CHUNK = 65_536;
const LONGEST_LINE = 2 ** 22;

/** The lines of a file, read no further than they are asked for. */
export function* linesOf(source: ByteSource): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let begun = '';
  for (let start = 0; start < source.size; start += CHUNK) {
    const isLast = start + CHUNK >= source.size;
    let text: string;
    try {
      text = decoder.decode(source.read(start, CHUNK), { stream: !isLast });
    } catch {
      throw new FileError('the file', 'is not text in UTF-8');
    }
    const lines = (begun + text).split('\n');
    begun = lines.pop() as string;
    for (const line of lines) yield withoutReturn(line);
    if (begun.length > LONGEST_LINE) {
      throw new FileError('the file', `must have lines of ${LONGEST_LINE} characters at most`);
    }
  }
  yield withoutReturn(begun);
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** How many lines hold something. Blanks are something where they are tokens. */
export function countLines(source: ByteSource, areBlanksTokens: boolean): number {
  const isNothing = (byte: number) =>
    areBlanksTokens ? byte === CARRIAGE_RETURN : byte === 32 || (byte >= 9 && byte <= 13);
  let lines = 0;
  let holdsSomething = false;
  for (let start = 0; start < source.size; start += CHUNK) {
    for (const byte of source.read(start, CHUNK)) {
      if (byte === LINE_FEED) {
        if (holdsSomething) lines += 1;
        holdsSomething = false;
      } else if (!isNothing(byte)) holdsSomething = true;
    }
  }
  return holdsSomething ? lines + 1 : lines;
}

const withoutReturn = (line: string) => (line.endsWith('\r') ? line.slice(0, -1) : line);

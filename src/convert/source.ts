import { invalidArgument } from '../core/errors.js';
import { FileError } from '../formats/file-error.js';

/** Where a file is: a path (in Node), an address, or its bytes. A page reads a text as an address. */
export type Source = string | URL | Blob | ArrayBuffer | Uint8Array;

/** A file that has been read, and its neighbours. */
export interface OpenedSource {
  /** The path, the address or the file's name, for errors; `the bytes` where there is none. */
  name: string;
  bytes: Uint8Array;
  /**
   * Reads a file that the opened one names, beside it or below its folder.
   *
   * @throws FileError where it lies elsewhere, cannot be read, or nobody can say where the opened file itself came from.
   */
  sibling(path: string): Promise<Uint8Array>;
}

/** As large as one file may be where nothing else is said, in bytes. */
export const MOST_BYTES = 2 ** 31;

const ADDRESS = /^(?:https?|blob|data|file):/i;

/**
 * Reads a file from wherever it is.
 *
 * @param where The public function that was called, for errors.
 * @param maxBytes A file that is longer is refused, as far as possible before it is read.
 * @throws RangeError for what is no source. FileError for what cannot be read or is too long.
 */
export async function openSource(where: string, source: Source, maxBytes = MOST_BYTES): Promise<OpenedSource> {
  if (source instanceof Uint8Array) return inMemory('the bytes', withoutBuffer(bounded(source, 'the bytes', maxBytes)));
  if (source instanceof ArrayBuffer) return openSource(where, new Uint8Array(source), maxBytes);
  if (typeof Blob !== 'undefined' && source instanceof Blob) return openBlob(source, maxBytes);
  if (source instanceof URL) {
    return source.protocol === 'file:' ? openPath(where, source, maxBytes) : openAddress(source.href, maxBytes);
  }
  if (typeof source !== 'string' || source === '') {
    throw invalidArgument(where, 'the source must be a path, a URL, a Blob, an ArrayBuffer or a Uint8Array', source);
  }
  if (/^file:/i.test(source)) return openPath(where, new URL(source), maxBytes);
  return ADDRESS.test(source) || nodeModules() === null
    ? openAddress(source, maxBytes)
    : openPath(where, source, maxBytes);
}

/** The same bytes: Node's Buffer is a Uint8Array whose `slice` is no copy. */
function withoutBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function tooLong(name: string, bytes: number, maxBytes: number): FileError {
  const rule = `must have ${maxBytes} bytes at most, but has ${bytes}`;
  return new FileError('the file', rule, { file: name, advice: 'give a larger maxBytes if you trust it' });
}

function bounded(bytes: Uint8Array, name: string, maxBytes: number): Uint8Array {
  if (bytes.length > maxBytes) throw tooLong(name, bytes.length, maxBytes);
  return bytes;
}

function inMemory(name: string, bytes: Uint8Array): OpenedSource {
  return {
    name,
    bytes,
    sibling: async (path) => {
      const advice = 'give its path or its address instead of its bytes';
      throw new FileError('the file', `names '${path}', which lies beside it`, { file: name, advice });
    },
  };
}

async function openBlob(blob: Blob, maxBytes: number): Promise<OpenedSource> {
  const { name: given } = blob as { name?: unknown };
  const name = typeof given === 'string' && given !== '' ? given : 'the bytes';
  if (blob.size > maxBytes) throw tooLong(name, blob.size, maxBytes);
  return inMemory(name, new Uint8Array(await blob.arrayBuffer()));
}

async function openAddress(address: string, maxBytes: number): Promise<OpenedSource> {
  const bytes = await fetched(address, maxBytes);
  return {
    name: address.startsWith('data:') ? 'the data URL' : address,
    bytes,
    sibling: (path) => {
      const base = new URL(address, (globalThis as { location?: { href: string } }).location?.href);
      const beside = new URL(path, base);
      if (!beside.href.startsWith(new URL('.', base).href)) {
        throw new FileError(`the file '${path}'`, 'must lie beside the file that names it, or below', {
          file: address,
        });
      }
      return fetched(beside.href, maxBytes);
    },
  };
}

async function fetched(address: string, maxBytes: number): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw new FileError('the file', `cannot be fetched (${(cause as Error).message})`, { file: address, cause });
  }
  if (!response.ok) {
    throw new FileError('the file', `cannot be fetched: the server answers ${response.status}`, { file: address });
  }
  const claimed = Number(response.headers.get('content-length') ?? 0);
  if (claimed > maxBytes) throw tooLong(address, claimed, maxBytes);
  return bounded(await readWithin(response, address, maxBytes), address, maxBytes);
}

/** The body, which is read no further than it may be long. */
async function readWithin(response: Response, address: string, maxBytes: number): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array(await response.arrayBuffer());
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const part = value as Uint8Array;
    parts.push(part);
    length += part.length;
    if (length > maxBytes) {
      await reader.cancel();
      throw tooLong(address, length, maxBytes);
    }
  }
  if (parts.length === 1) return parts[0] as Uint8Array;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

interface NodeModules {
  fs: typeof import('node:fs');
  path: typeof import('node:path');
  url: typeof import('node:url');
}

/** Node's own modules; a static import of them would keep this file out of a page's bundle. Null in a page. */
function nodeModules(): NodeModules | null {
  const load = globalThis.process?.getBuiltinModule;
  if (load === undefined) return null;
  return { fs: load('node:fs'), path: load('node:path'), url: load('node:url') };
}

function openPath(where: string, source: string | URL, maxBytes: number): OpenedSource {
  const modules = nodeModules();
  if (modules === null) {
    throw invalidArgument(where, 'reading a path needs Node 20.16 or later; pass the bytes themselves', source);
  }
  const { path, url } = modules;
  const file = typeof source === 'string' ? source : url.fileURLToPath(source);
  return {
    name: file,
    bytes: readPath(modules, file, maxBytes),
    sibling: async (name) => {
      const folder = path.dirname(file);
      return readPath(modules, belowFolder(modules, folder, name, file), maxBytes);
    },
  };
}

/** A file from elsewhere must not make this program read other files of its user's. */
function belowFolder({ fs, path }: NodeModules, folder: string, name: string, file: string): string {
  const isBelow = (parent: string, child: string) =>
    child.startsWith(parent.endsWith(path.sep) ? parent : parent + path.sep);
  const place = `the file '${name}'`;
  const found = path.resolve(folder, name);
  if (!isBelow(path.resolve(folder), found)) throw new FileError(place, `must be in the folder of ${file}`, { file });
  let real: string;
  try {
    real = fs.realpathSync(found);
  } catch (cause) {
    throw new FileError(place, `is missing: it must be in the folder of ${file}`, { file, cause });
  }
  if (isBelow(fs.realpathSync(folder), real)) return found;
  throw new FileError(place, 'must not be a link that leads out of the folder', { file });
}

function readPath({ fs }: NodeModules, file: string, maxBytes: number): Uint8Array {
  try {
    const stat = fs.statSync(file);
    // A device or a pipe may never end.
    if (!stat.isFile()) throw new FileError('the path', 'must be a file', { file });
    if (stat.size > maxBytes) throw tooLong(file, stat.size, maxBytes);
    return withoutBuffer(fs.readFileSync(file));
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError('the file', `cannot be read: ${reasonOf(cause as NodeJS.ErrnoException)}`, { file, cause });
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  return message;
}

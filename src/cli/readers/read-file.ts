import { readFileSync, statSync } from 'node:fs';
import { messageOf, UserError } from '../user-error.js';

/**
 * A file's bytes.
 *
 * @param what What the file should be, for the error.
 * @throws UserError where it is no readable file.
 */
export function readBytes(path: string, what: string): Uint8Array {
  try {
    // A device or a pipe may never end.
    if (!statSync(path).isFile()) throw new Error('not a file');
    return readFileSync(path);
  } catch (cause) {
    throw new UserError(`${what} '${path}' cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

/** A file's text, without a byte order mark. */
export function readText(path: string, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readBytes(path, what));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${what} '${path}' is not text in UTF-8`, { cause });
  }
}

/** A file's JSON. */
export function readJson(path: string, what: string): unknown {
  try {
    return JSON.parse(readText(path, what));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${what} '${path}' is not JSON: ${messageOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    ENOTDIR: 'there is no such file',
  };
  return reasons[(cause as NodeJS.ErrnoException).code ?? ''] ?? messageOf(cause);
}

import { FileError } from './file-error.js';

/** JavaScript's strings may not be much longer. */
const LONGEST = 2 ** 28;

/**
 * The text that bytes are in UTF-8.
 *
 * @param place How an error names it.
 * @param keepsMark Whether a byte order mark stays part of the text.
 * @throws FileError
 */
export function decodeText(bytes: Uint8Array, place: string, { keepsMark = false } = {}): string {
  if (bytes.length > LONGEST) {
    throw new FileError(place, `must have ${LONGEST} bytes at most, but has ${bytes.length}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: keepsMark }).decode(bytes);
  } catch (cause) {
    throw new FileError(place, 'must be text in UTF-8', { cause });
  }
}

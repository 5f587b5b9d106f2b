import { FileError } from '../../../src/formats/file-error.js';

/** Numbers from 0 to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The bytes with one to four of them replaced, by what strains a reader or by anything. */
export function damaged(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice();
  const changes = 1 + Math.floor(random() * 4);
  for (let n = 0; n < changes; n++) {
    const at = Math.floor(random() * copy.length);
    const kind = Math.floor(random() * 4);
    if (kind === 0) copy[at] = 0xff;
    else if (kind === 1) copy[at] = 0;
    else if (kind === 2) copy[at] = (copy[at] as number) ^ (1 << Math.floor(random() * 8));
    else copy[at] = Math.floor(random() * 256);
  }
  return copy;
}

/** What reading came to: the value, or the FileError; whatever else is thrown, it throws on. */
export function readOrRefused<T>(read: () => T): { value: T } | { error: FileError } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof FileError) return { error };
    throw error;
  }
}

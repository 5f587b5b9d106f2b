import { FileError } from '../file-error.js';

/** Three bytes can stand for 64 at most. */
const MOST_PER_BYTE = 22;

/**
 * Undoes the compression of Snappy, of raw blocks without framing.
 * Format: https://github.com/google/snappy/blob/main/format_description.txt
 *
 * @param place How an error names the bytes.
 * @throws FileError for bytes that are damaged, or say that they become more than they can.
 */
export function snappyUncompress(bytes: Uint8Array, place: string): Uint8Array {
  const fail = (rule: string) => new FileError(place, `is not compressed by Snappy: ${rule}`);
  let at = 0;
  const next = () => {
    const byte = bytes[at++];
    if (byte === undefined) throw fail('it ends too soon');
    return byte;
  };
  const littleEndian = (count: number) => {
    let value = 0;
    for (let n = 0; n < count; n++) value += next() * 2 ** (8 * n);
    return value;
  };
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = next();
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift === 28) throw fail('its length has more than five bytes');
  }
  if (size > MOST_PER_BYTE * bytes.length) throw fail(`${bytes.length} bytes cannot become ${size}`);
  const result = new Uint8Array(size);
  let end = 0;
  while (at < bytes.length) {
    const tag = next();
    const kind = tag & 3;
    const upper = tag >> 2;
    if (kind === 0) {
      const length = (upper < 60 ? upper : littleEndian(upper - 59)) + 1;
      if (length > bytes.length - at) throw fail('it ends too soon');
      if (length > size - end) throw fail('it becomes more than it says');
      result.set(bytes.subarray(at, at + length), end);
      at += length;
      end += length;
      continue;
    }
    const length = kind === 1 ? (upper & 7) + 4 : upper + 1;
    const distance = kind === 1 ? (tag >> 5) * 256 + next() : littleEndian(kind === 2 ? 2 : 4);
    if (distance === 0 || distance > end) throw fail('it repeats what is not there');
    if (length > size - end) throw fail('it becomes more than it says');
    // What is repeated may reach into the repetition.
    for (let n = 0; n < length; n++, end++) result[end] = result[end - distance] as number;
  }
  if (end !== size) throw fail(`it becomes ${end} bytes, and not ${size}, as it says`);
  return result;
}

import { Inflate } from 'fflate/browser';
import { FileError } from './file-error.js';

/** Deflate makes nothing smaller than by this. */
export const MOST_EXPANSION = 1032;

/** What is fed at a time, in bytes. So much may be inflated in vain before it shows that a stream holds too much. */
const SMALLEST_PIECE = 1024;
const LARGEST_PIECE = 32_768;

/**
 * Inflates a deflate stream (RFC 1951) of which it is known how much it holds. No more is ever inflated than that and
 * what one piece of the stream adds, so that a stream which holds more than is claimed costs little.
 *
 * @param size What it must hold, in bytes.
 * @param place How an error names it.
 * @throws FileError
 */
export function inflate(deflated: Uint8Array, size: number, place: string): Uint8Array {
  if (size > deflated.length * MOST_EXPANSION) {
    throw new FileError(place, `claims ${size} bytes, more than ${deflated.length} can be inflated to`);
  }
  const inflated = new Uint8Array(size);
  let filled = 0;
  const stream = new Inflate((part) => {
    if (part.length > size - filled) throw new FileError(place, `holds more than the ${size} bytes that it claims`);
    inflated.set(part, filled);
    filled += part.length;
  });
  try {
    for (let start = 0, end = 0; start < deflated.length; start = end) {
      const piece = Math.ceil((size - filled) / 64);
      end = start + Math.min(Math.max(piece, SMALLEST_PIECE), LARGEST_PIECE);
      stream.push(deflated.subarray(start, end), end >= deflated.length);
    }
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError(place, `cannot be inflated: ${(cause as Error).message}`, { cause });
  }
  if (filled < size) throw new FileError(place, `claims ${size} bytes, but holds ${filled}`);
  return inflated;
}

/**
 * Inflates a zlib stream (RFC 1950), whose checksum must be right.
 *
 * @param size What it must hold, in bytes.
 * @param place How an error names it.
 * @throws FileError
 */
export function inflateZlib(stream: Uint8Array, size: number, place: string): Uint8Array {
  const [first = 0, second = 0] = stream;
  const isZlib = stream.length >= 6 && (first & 15) === 8 && ((first << 8) | second) % 31 === 0 && (second & 32) === 0;
  if (!isZlib) throw new FileError(place, 'must be a zlib stream');
  const inflated = inflate(stream.subarray(2, -4), size, place);
  const { buffer, byteOffset, length } = stream;
  if (adler32(inflated) !== new DataView(buffer, byteOffset, length).getUint32(length - 4)) {
    throw new FileError(place, 'is damaged: its checksum differs');
  }
  return inflated;
}

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let start = 0; start < bytes.length; start += 3800) {
    // As many as cannot exceed 32 bits.
    const end = Math.min(start + 3800, bytes.length);
    for (let n = start; n < end; n++) {
      low += bytes[n] as number;
      high += low;
    }
    low %= 65_521;
    high %= 65_521;
  }
  return ((high << 16) | low) >>> 0;
}

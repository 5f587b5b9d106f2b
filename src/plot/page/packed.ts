import { deflateSync, inflateSync } from 'fflate/browser';
import { fromBase64, toBase64 } from '../rows/base64.js';

// One library packs and unpacks, so that a browser without DecompressionStream shows the page as any other does.

/** Bytes as a page carries them: deflated, base64. */
export function pack(bytes: Uint8Array): string {
  return toBase64(deflateSync(bytes));
}

export function unpack(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(inflateSync(fromBase64(text)));
}

/** Numbers as they are, in whatever order a processor has their bytes: little-endian. */
export function packFloats(values: ArrayLike<number>): string {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (let n = 0; n < values.length; n++) view.setFloat32(4 * n, values[n] as number, true);
  return pack(new Uint8Array(view.buffer));
}

export function unpackFloats(text: string): Float32Array {
  const view = new DataView(unpack(text).buffer);
  return Float32Array.from({ length: view.byteLength / 4 }, (_, n) => view.getFloat32(4 * n, true));
}

import { deflateSync } from 'fflate/browser';
import { PACKED_BYTES, PACKED_FLOATS } from '../page/packed.js';
import { toBase64 } from '../rows/base64.js';

/** Bytes as a page carries them: deflated, base64. `unpackReport` reads them. */
function pack(bytes: Uint8Array): string {
  return toBase64(deflateSync(bytes));
}

/** How many characters they take there. */
export function packedLength(bytes: Uint8Array): number {
  return 4 * Math.ceil(deflateSync(bytes).length / 3);
}

/** For `JSON.stringify`: bytes and floats, packed. */
export function packedValue(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return { [PACKED_BYTES]: pack(value) };
  return value instanceof Float32Array ? { [PACKED_FLOATS]: packFloats(value) } : value;
}

/** Numbers as they are, in whatever order a processor has their bytes: little-endian. */
function packFloats(values: Float32Array): string {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (let n = 0; n < values.length; n++) view.setFloat32(4 * n, values[n] as number, true);
  return pack(new Uint8Array(view.buffer));
}

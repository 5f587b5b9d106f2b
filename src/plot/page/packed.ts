import { fromBase64 } from '../rows/base64.js';
import type { ReportData } from './report-data.js';

/** What stands for bytes and for floats in the JSON of a page: an object with this one key, and deflated base64. */
export const PACKED_BYTES = '#bytes';
export const PACKED_FLOATS = '#floats';

/** The data of a page, from its JSON. */
export async function unpackReport(json: string): Promise<ReportData> {
  const data = JSON.parse(json);
  const waiting: Promise<void>[] = [];
  unpackIn(data, waiting);
  await Promise.all(waiting);
  return data;
}

/** Replaces what is packed within an object or list. */
function unpackIn(holder: Record<string, unknown>, waiting: Promise<void>[]): void {
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value !== 'object' || value === null) continue;
    const part = value as Record<string, unknown>;
    const bytes = part[PACKED_BYTES];
    const floats = part[PACKED_FLOATS];
    const put = (unpacked: Uint8Array | Float32Array) => {
      holder[key] = unpacked;
    };
    if (typeof bytes === 'string') waiting.push(unpack(bytes).then(put));
    else if (typeof floats === 'string') waiting.push(unpack(floats).then((one) => put(floatsOf(one))));
    else unpackIn(part, waiting);
  }
}

/** By the browser itself: a library that inflates takes ten times as long, most of it while it is new to the machine. */
async function unpack(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new DecompressionStream('deflate-raw');
  const writer = writable.getWriter();
  // Whoever reads is told what is wrong with the bytes.
  writer.write(fromBase64(text)).catch(() => {});
  writer.close().catch(() => {});
  return new Uint8Array(await new Response(readable).arrayBuffer());
}

/** Whatever order a processor has bytes in: little-endian. */
function floatsOf(bytes: Uint8Array<ArrayBuffer>): Float32Array {
  const view = new DataView(bytes.buffer);
  const values = new Float32Array(bytes.length / 4);
  for (let n = 0; n < values.length; n++) values[n] = view.getFloat32(4 * n, true);
  return values;
}

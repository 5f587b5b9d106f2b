import { inflateSync } from 'node:zlib';

/** Red, green, blue and opacity. */
export type Pixel = [number, number, number, number];

/** The pixels of an indexed PNG, row by row, as a reader of the format sees them. */
export function pixelsOf(address: string): { width: number; height: number; pixels: Pixel[] } {
  const bytes = Buffer.from(address.replace('data:image/png;base64,', ''), 'base64');
  expect([...bytes.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks: Record<string, Buffer> = {};
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks[bytes.toString('latin1', at + 4, at + 8)] = bytes.subarray(at + 8, at + 8 + length);
    at += length + 12;
  }
  const { IHDR, PLTE, tRNS, IDAT } = chunks as Record<'IHDR' | 'PLTE' | 'tRNS' | 'IDAT', Buffer>;
  const [width, height] = [IHDR.readUInt32BE(0), IHDR.readUInt32BE(4)];
  const rows = inflateSync(IDAT);
  const pixels = Array.from({ length: width * height }, (_, n): Pixel => {
    const index = rows[Math.floor(n / width) * (width + 1) + 1 + (n % width)] as number;
    return [...PLTE.subarray(3 * index, 3 * index + 3), tRNS[index]] as Pixel;
  });
  return { width, height, pixels };
}

/** Width and height alone, of an image that is large. */
export function sizeOf(address: string): [number, number] {
  const bytes = Buffer.from(address.replace('data:image/png;base64,', ''), 'base64');
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

import { pixelsOf } from './png.js';

/** How far a coordinate may be from the reviewed one, in pixels. */
const TOLERANCE = 0.3;

/** An SVG as it is committed: an element a line, coordinates to a tenth of a pixel, without what only screen readers see. */
export function tidied(svg: string): string {
  return svg
    .replaceAll('><', '>\n<')
    .replaceAll(/ (aria-[\w-]+|role)="[^"]*"/g, '')
    .replaceAll(/<[^>]*>/g, (tag) =>
      tag.replaceAll(/-?\d+\.\d{2,}(e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(1)))),
    )
    .concat('\n');
}

/** Where a picture looks other than the reviewed one; null where it looks the same. */
export function differenceOf(reviewed: string, drawn: string): string | null {
  const before = reviewed.split('\n');
  const after = drawn.split('\n');
  for (let n = 0; n < Math.max(before.length, after.length); n++) {
    if (!isAlike(before[n], after[n])) return `line ${n + 1}: reviewed ${before[n]}, drawn ${after[n]}`;
  }
  return null;
}

function isAlike(reviewed: string | undefined, drawn: string | undefined): boolean {
  if (reviewed === undefined || drawn === undefined) return false;
  if (reviewed.includes('data:image/png')) return hasSamePixels(reviewed, drawn);
  // A text is the same letter by letter.
  const texts = (line: string) => line.replaceAll(/<[^>]*>/g, '');
  if (texts(reviewed) !== texts(drawn)) return false;
  const parts = (line: string) => line.split(/(-?\d+(?:\.\d+)?)/);
  const expected = parts(reviewed);
  const received = parts(drawn);
  // Every second part is a number.
  const isSame = (part: string, n: number) =>
    n % 2 === 0 ? part === received[n] : Math.abs(Number(part) - Number(received[n])) <= TOLERANCE;
  return expected.length === received.length && expected.every(isSame);
}

/** Compressors differ in what they write. */
function hasSamePixels(reviewed: string, drawn: string): boolean {
  const address = /data:image\/png;base64,[^"]*/;
  const [before, after] = [reviewed, drawn].map((line) => line.match(address)?.[0]);
  if (before === undefined || after === undefined) return false;
  const isFrameSame = isAlike(reviewed.replace(address, ''), drawn.replace(address, ''));
  return isFrameSame && JSON.stringify(pixelsOf(before)) === JSON.stringify(pixelsOf(after));
}

import { channels, colourAt, NON_FINITE } from './colours.js';
import type { QuantityView } from './quantity-view.js';
import { binsOf, type Stretch } from './stretches.js';

/** Rows of values over time, or of anything else, which lie somewhere within a list. */
export interface ValueGrid {
  values: ArrayLike<number>;
  /** Where each row has its first value. */
  starts: readonly number[];
  /** From a value of a row to its next. */
  stride: number;
  /** How many values a row has. */
  columns: number;
  /** By column: false where there is nothing, as at a masked step. Null: there is something everywhere. */
  isThere: readonly boolean[] | null;
}

/** At most so many tiles. */
export interface TileLimit {
  rows: number;
  columns: number;
}

/** More pixels than a panel has show nothing more. */
export const LARGEST_IMAGE: TileLimit = { rows: 240, columns: 720 };

/** Mean of the values there are within a tile; null without one, and NaN where one of them is not finite. */
export function tileMean({ values, starts, stride, isThere }: ValueGrid, row: Stretch, column: Stretch): number | null {
  let sum = 0;
  let count = 0;
  for (let r = row.first; r <= row.last; r++) {
    const start = starts[r] as number;
    for (let c = column.first; c <= column.last; c++) {
      if (isThere !== null && !isThere[c]) continue;
      sum += values[start + c * stride] as number;
      count += 1;
    }
  }
  if (count === 0) return null;
  return Number.isFinite(sum) ? sum / count : Number.NaN;
}

/** Red, green, blue and opacity, each within [0, 255]. */
export type Colour = readonly [number, number, number, number];

/** An image: of each pixel its index into a palette of at most 256 colours. */
export interface IndexedImage {
  width: number;
  height: number;
  /** Row by row, from the top. */
  pixels: Uint8Array;
  palette: readonly Colour[];
}

const SHADES = 254;
const INDEX_OF_NON_FINITE = SHADES;
const INDEX_OF_NOTHING = SHADES + 1;

/**
 * An image of at most so many tiles, a pixel a tile: the mean of what it covers. What is not finite is red, what is not
 * there transparent.
 */
export function heatImage(grid: ValueGrid, limit: TileLimit, view: QuantityView): IndexedImage {
  const rows = binsOf(grid.starts.length, limit.rows);
  const columns = binsOf(grid.columns, limit.columns);
  const pixels = new Uint8Array(rows.length * columns.length);
  const indexOf = indexIn(view);
  let n = 0;
  for (const row of rows) for (const column of columns) pixels[n++] = indexOf(tileMean(grid, row, column));
  const shades = Array.from({ length: SHADES }, (_, shade): Colour => {
    return [...colourAt(view.ramp, shade / (SHADES - 1)), 255];
  });
  const palette = [...shades, [...channels(NON_FINITE), 255] as const, [0, 0, 0, 0] as const];
  return { width: columns.length, height: rows.length, pixels, palette };
}

/** Of a mean, in the palette. A page has a hundred thousand of them to draw before it is seen. */
function indexIn({ domain: [low, high] }: QuantityView): (mean: number | null) => number {
  const span = high - low;
  return (mean) => {
    if (mean === null) return INDEX_OF_NOTHING;
    if (Number.isNaN(mean)) return INDEX_OF_NON_FINITE;
    const fraction = (mean - low) / span;
    return fraction <= 0 ? 0 : fraction >= 1 ? SHADES - 1 : Math.round(fraction * (SHADES - 1));
  };
}

import { channels, colourAt, NON_FINITE } from './colours.js';
import { fractionOf, type QuantityView } from './quantity-view.js';
import { binsOf, type Stretch } from './stretches.js';

/** A matrix of values that are drawn as tiles: [rows][columns]. */
export interface HeatMatrix {
  rows: Stretch[];
  columns: Stretch[];
  /** Row by row: the mean of what a tile covers; null where it covers nothing, NaN where a value is not finite. */
  values: (number | null)[];
}

/** At most so many tiles. */
export interface TileLimit {
  rows: number;
  columns: number;
}

/** More pixels than a panel has show nothing more. */
export const LARGEST_IMAGE: TileLimit = { rows: 240, columns: 720 };

/**
 * Parts a matrix into tiles.
 *
 * @param valueAt Null for what is not there, such as a masked step.
 */
export function heatMatrix(
  size: { rows: number; columns: number },
  limit: TileLimit,
  valueAt: (row: number, column: number) => number | null,
): HeatMatrix {
  const rows = binsOf(size.rows, limit.rows);
  const columns = binsOf(size.columns, limit.columns);
  const values: (number | null)[] = [];
  for (const row of rows) for (const column of columns) values.push(tileMean(row, column, valueAt));
  return { rows, columns, values };
}

/** Mean of the values there are; null without one, and NaN where one of them is not finite. */
export function tileMean(
  row: Stretch,
  column: Stretch,
  valueAt: (row: number, column: number) => number | null,
): number | null {
  let sum = 0;
  let count = 0;
  for (let r = row.first; r <= row.last; r++) {
    for (let c = column.first; c <= column.last; c++) {
      const value = valueAt(r, c);
      if (value === null) continue;
      sum += value;
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

/** A matrix as an image, a pixel a tile: what is not finite is red, what is not there transparent. */
export function heatImage({ columns, rows, values }: HeatMatrix, view: QuantityView): IndexedImage {
  const shades = Array.from({ length: SHADES }, (_, n): Colour => [...colourAt(view.ramp, n / (SHADES - 1)), 255]);
  const pixels = new Uint8Array(values.length);
  for (let n = 0; n < pixels.length; n++) pixels[n] = indexOf(values[n] as number | null, view);
  const palette = [...shades, [...channels(NON_FINITE), 255] as const, [0, 0, 0, 0] as const];
  return { width: columns.length, height: rows.length, pixels, palette };
}

function indexOf(value: number | null, view: QuantityView): number {
  if (value === null) return INDEX_OF_NOTHING;
  if (Number.isNaN(value)) return INDEX_OF_NON_FINITE;
  return Math.round(Math.min(Math.max(fractionOf(value, view), 0), 1) * (SHADES - 1));
}

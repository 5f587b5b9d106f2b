import { PANEL_COLUMNS, sliverRows } from './panels';
import { tile1x16, tile2x16, tile6x8 } from './tiles';
import { addRow, FLOAT } from './vectors';

/** How much of a panel, with the slivers that it meets, stays in a first-level cache. */
const DEPTH_OF_BLOCK: i32 = 512;

/** Memory for one tile that sticks out at the right edge. */
export const EDGE_BYTES: usize = 6 * 16 * FLOAT;

/**
 * c [rows, columns] = or += slivers · panels; the rows of c are `stride` bytes apart.
 *
 * Panels are the outer loop: one stays in the cache while all slivers meet it.
 */
export function multiply(
  c: usize,
  stride: usize,
  slivers: usize,
  panels: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  accumulate: bool,
  edge: usize,
): void {
  for (let k = 0; k < depth; k += DEPTH_OF_BLOCK) {
    const count = min(DEPTH_OF_BLOCK, depth - k);
    let panel = panels + usize(k) * 64;
    for (let column = 0; column < columns; column += PANEL_COLUMNS) {
      const width = min(PANEL_COLUMNS, columns - column);
      let sliver = slivers;
      for (let row = 0; row < rows; ) {
        const height = sliverRows(rows - row);
        const from = sliver + usize(k) * usize(height) * FLOAT;
        const to = c + usize(row) * stride + usize(column) * FLOAT;
        if (width === PANEL_COLUMNS) tile(to, stride, from, panel, height, count, accumulate);
        else tileAtEdge(to, stride, from, panel, height, width, count, accumulate, edge);
        sliver += usize(height) * usize(depth) * FLOAT;
        row += height;
      }
      panel += usize(depth) * 64;
    }
    accumulate = true;
  }
}

/**
 * result [columns] += row [depth] · panels.
 *
 * @param descending Whether to begin at the last panel: panels larger than a cache are then met where they were left.
 */
export function addRowProduct(
  result: usize,
  row: usize,
  panels: usize,
  columns: i32,
  depth: i32,
  descending: bool,
  edge: usize,
): void {
  const count = (columns + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
  for (let n = 0; n < count; n++) {
    const index = descending ? count - 1 - n : n;
    const panel = panels + usize(index) * usize(depth) * 64;
    const to = result + usize(index) * 64;
    const width = min(PANEL_COLUMNS, columns - index * PANEL_COLUMNS);
    if (width === PANEL_COLUMNS) tile1x16(to, row, panel, depth, true);
    else tileAtEdge(to, 0, row, panel, 1, width, depth, true, edge);
  }
}

@inline
function tile(
  c: usize,
  stride: usize,
  sliver: usize,
  panel: usize,
  height: i32,
  count: i32,
  accumulate: bool,
): void {
  if (ASC_FEATURE_RELAXED_SIMD && height === 6) {
    tile6x8(c, stride, sliver, panel, count, accumulate);
    tile6x8(c + 32, stride, sliver, panel + 32, count, accumulate);
  } else if (height === 2) {
    tile2x16(c, stride, sliver, panel, count, accumulate);
  } else {
    tile1x16(c, sliver, panel, count, accumulate);
  }
}

function tileAtEdge(
  c: usize,
  stride: usize,
  sliver: usize,
  panel: usize,
  height: i32,
  width: i32,
  count: i32,
  accumulate: bool,
  edge: usize,
): void {
  tile(edge, 64, sliver, panel, height, count, false);
  for (let n = 0; n < height; n++) {
    const to = c + usize(n) * stride;
    const from = edge + usize(n) * 64;
    if (accumulate) addRow(to, from, width);
    else memory.copy(to, from, usize(width) * FLOAT);
  }
}

import { PANEL_COLUMNS, sliverRows } from './panels';
import { tile1x16, tile1x48, tile2x16, tile4x8, tile6x8 } from './tiles';
import { copyRow, FLOAT } from './vectors';

/**
 * How much of a panel stays in a second-level cache while all slivers meet it. Blocks are no smaller: a panel that is read from
 * memory in one piece comes ahead of its use.
 */
const DEPTH_OF_BLOCK: i32 = 2048;

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
  const panelBytes = usize(depth) * 64;
  const triples = columns / (3 * PANEL_COLUMNS);
  const afterTriples = usize(triples) * 3;
  const rest = columns - triples * 3 * PANEL_COLUMNS;
  // Called twice, a tile stays a function of its own: as a part of this one V8 would keep its sums in memory, with relaxed SIMD.
  if (descending) {
    addRest(result, row, panels, afterTriples, rest, depth, edge);
    for (let panel = afterTriples; panel > 0; ) {
      panel -= 3;
      tile1x48(result + panel * 64, row, panels + panel * panelBytes, panelBytes, depth);
    }
  } else {
    for (let panel: usize = 0; panel < afterTriples; panel += 3) {
      tile1x48(result + panel * 64, row, panels + panel * panelBytes, panelBytes, depth);
    }
    addRest(result, row, panels, afterTriples, rest, depth, edge);
  }
}

/** The product with the panels from `panel` on, which have less than 48 columns. */
function addRest(
  result: usize,
  row: usize,
  panels: usize,
  panel: usize,
  columns: i32,
  depth: i32,
  edge: usize,
): void {
  for (; columns > 0; columns -= PANEL_COLUMNS, panel++) {
    const from = panels + panel * usize(depth) * 64;
    const to = result + panel * 64;
    if (columns >= PANEL_COLUMNS) tile1x16(to, row, from, depth, true);
    else tileAtEdge(to, 0, row, from, 1, columns, depth, true, edge);
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
  } else if (!ASC_FEATURE_RELAXED_SIMD && height === 4) {
    tile4x8(c, stride, sliver, panel, count, accumulate);
    tile4x8(c + 32, stride, sliver, panel + 32, count, accumulate);
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
  for (let n = 0; accumulate && n < height; n++) copyRow(edge + usize(n) * 64, c + usize(n) * stride, width);
  tile(edge, 64, sliver, panel, height, count, accumulate);
  for (let n = 0; n < height; n++) copyRow(c + usize(n) * stride, edge + usize(n) * 64, width);
}

import { Rows, rowAddress } from './rows';
import { FLOAT, loadLanes, VECTOR } from './vectors';

// A matrix product reads its right factor in panels of 16 columns, [panel, K, 16], and its left factor in slivers of some
// rows, [sliver, K, rows]: contiguous, whatever the strides of the matrices are.

export const PANEL_COLUMNS: i32 = 16;
const PANEL_ROW: usize = 16 * FLOAT;

export function panelsBytes(depth: i32, columns: i32): usize {
  const panels = (columns + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
  return usize(panels) * usize(depth) * PANEL_ROW;
}

/** How many of the remaining rows the next sliver has. Six rows fill the registers where a multiply-add needs no third one, four else. */
@inline
export function sliverRows(remaining: i32): i32 {
  if (ASC_FEATURE_RELAXED_SIMD && remaining >= 6) return 6;
  if (!ASC_FEATURE_RELAXED_SIMD && remaining >= 4) return 4;
  return remaining >= 2 ? 2 : 1;
}

/** Packs a matrix [depth, columns], whose rows are `stride` bytes apart. Columns that are missing in a panel are 0. */
export function packPanels(destination: usize, source: usize, stride: usize, depth: i32, columns: i32): void {
  for (let column = 0; column < columns; column += PANEL_COLUMNS) {
    let row = source + usize(column) * FLOAT;
    const width = min(PANEL_COLUMNS, columns - column);
    for (let k = 0; k < depth; k++) {
      if (width === PANEL_COLUMNS) {
        v128.store(destination, v128.load(row), 0);
        v128.store(destination, v128.load(row, 16), 16);
        v128.store(destination, v128.load(row, 32), 32);
        v128.store(destination, v128.load(row, 48), 48);
      } else {
        memory.fill(destination, 0, PANEL_ROW);
        memory.copy(destination, row, usize(width) * FLOAT);
      }
      row += stride;
      destination += PANEL_ROW;
    }
  }
}

/** Packs the transpose of a matrix [columns, depth], whose rows are `stride` bytes apart. */
export function packTransposedPanels(destination: usize, source: usize, stride: usize, depth: i32, columns: i32): void {
  for (let column = 0; column < columns; column += PANEL_COLUMNS) {
    const width = min(PANEL_COLUMNS, columns - column);
    if (width < PANEL_COLUMNS) memory.fill(destination, 0, usize(depth) * PANEL_ROW);
    let n = 0;
    for (; n + 4 <= width; n += 4) {
      const a = source + usize(column + n) * stride;
      const b = a + stride;
      const c = b + stride;
      transposeFourRows(destination + usize(n) * FLOAT, PANEL_ROW, a, b, c, c + stride, depth);
    }
    for (; n < width; n++) {
      spreadRow(destination + usize(n) * FLOAT, PANEL_ROW, source + usize(column + n) * stride, depth);
    }
    destination += usize(depth) * PANEL_ROW;
  }
}

/** Packs rows. */
export function packSlivers(destination: usize, rows: Rows): void {
  for (let row = 0; row < rows.count; ) {
    const height = sliverRows(rows.count - row);
    if (height === 4) {
      const a = rowAddress(rows, row);
      const b = rowAddress(rows, row + 1);
      const c = rowAddress(rows, row + 2);
      transposeFourRows(destination, VECTOR, a, b, c, rowAddress(rows, row + 3), rows.depth);
    }
    for (let n = 0; height !== 4 && n < height; n++) {
      spreadRow(destination + usize(n) * FLOAT, usize(height) * FLOAT, rowAddress(rows, row + n), rows.depth);
    }
    row += height;
    destination += usize(height) * usize(rows.depth) * FLOAT;
  }
}

/** Packs the columns of a matrix [depth, rows], whose rows are `stride` bytes apart: the slivers of its transpose. */
export function packTransposedSlivers(destination: usize, source: usize, stride: usize, rows: i32, depth: i32): void {
  for (let row = 0; row < rows; ) {
    const height = sliverRows(rows - row);
    let from = source + usize(row) * FLOAT;
    for (let k = 0; k < depth; k++) {
      if (height === 6) {
        v128.store(destination, v128.load(from));
        v128.store64_lane(destination, v128.load64_zero(from, VECTOR), 0, VECTOR);
      } else if (height === 4) {
        v128.store(destination, v128.load(from));
      } else if (height === 2) {
        v128.store64_lane(destination, v128.load64_zero(from), 0);
      } else {
        store<f32>(destination, load<f32>(from));
      }
      from += stride;
      destination += usize(height) * FLOAT;
    }
    row += height;
  }
}

/** Writes a row's floats `stride` bytes apart. */
function spreadRow(destination: usize, stride: usize, source: usize, count: i32): void {
  for (let k = 0; k < count; k++) {
    store<f32>(destination, load<f32>(source));
    destination += stride;
    source += FLOAT;
  }
}

/** Writes four rows as the columns of a matrix whose rows are `destinationStride` bytes apart. */
function transposeFourRows(
  destination: usize,
  destinationStride: usize,
  first: usize,
  second: usize,
  third: usize,
  fourth: usize,
  count: i32,
): void {
  for (let k = 0; k < count; k += 4) {
    const lanes = min(4, count - k);
    const at = usize(k) * FLOAT;
    const a = loadLanes(first + at, lanes);
    const b = loadLanes(second + at, lanes);
    const c = loadLanes(third + at, lanes);
    const d = loadLanes(fourth + at, lanes);
    const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(destination, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5));
    destination += destinationStride;
    if (lanes > 1) v128.store(destination, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7));
    destination += destinationStride;
    if (lanes > 2) v128.store(destination, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
    destination += destinationStride;
    if (lanes > 3) v128.store(destination, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
    destination += destinationStride;
  }
}

import { FLOAT, multiplyRow } from './vectors';

/** Rows of a matrix [count, depth], wherever they are in memory. */
@unmanaged
export class Rows {
  source: usize;
  /** Row r is at `source + (r / inner) * outerStride + (r % inner) * innerStride`, in bytes. */
  inner: i32;
  outerStride: usize;
  innerStride: usize;
  count: i32;
  depth: i32;
}

/** `count` rows, each `stride` bytes after the last. */
export function setEvenRows(rows: Rows, source: usize, stride: usize, count: i32, depth: i32): void {
  setRows(rows, source, 0, count, stride, count, depth);
}

export function setRows(
  rows: Rows,
  source: usize,
  outerStride: usize,
  inner: i32,
  innerStride: usize,
  count: i32,
  depth: i32,
): void {
  rows.source = source;
  rows.outerStride = outerStride;
  rows.inner = inner;
  rows.innerStride = innerStride;
  rows.count = count;
  rows.depth = depth;
}

@inline
export function rowAddress(rows: Rows, row: i32): usize {
  return rows.source + usize(row / rows.inner) * rows.outerStride + usize(row % rows.inner) * rows.innerStride;
}

/** Copies the rows one after the other, row r times row r % inner of `mask`, where there is one. */
export function gatherRows(destination: usize, rows: Rows, mask: usize): void {
  const bytes = usize(rows.depth) * FLOAT;
  for (let row = 0; row < rows.count; row++) {
    const from = rowAddress(rows, row);
    if (mask === 0) memory.copy(destination, from, bytes);
    else multiplyRow(destination, from, mask + usize(row % rows.inner) * bytes, rows.depth);
    destination += bytes;
  }
}

import { FLOAT, loadLanes, multiplyAdd, storeLanes, sumOfLanes, VECTOR } from './vectors';

// Products of single rows with weights as they are: where few rows meet them, packing would cost as much as the products.

/** Rows of the matrix that are read at once. */
const ROWS: i32 = 8;

/**
 * result [columns] += row [depth] · matrix [depth, columns], whose rows are `stride` bytes apart. Each sum is added up from the
 * first term on, as with packed weights: so they round alike.
 */
export function addUnpackedRowProduct(
  result: usize,
  row: usize,
  matrix: usize,
  stride: usize,
  depth: i32,
  columns: i32,
): void {
  let k = 0;
  for (; k + ROWS <= depth; k += ROWS) {
    addEightRows(result, row + usize(k) * FLOAT, matrix + usize(k) * stride, stride, columns);
  }
  for (; k < depth; k++) addRowFrom(0, result, row + usize(k) * FLOAT, matrix + usize(k) * stride, columns);
}

function addEightRows(result: usize, row: usize, matrix: usize, stride: usize, columns: i32): void {
  const a0 = v128.load32_splat(row, 0);
  const a1 = v128.load32_splat(row, 4);
  const a2 = v128.load32_splat(row, 8);
  const a3 = v128.load32_splat(row, 12);
  const a4 = v128.load32_splat(row, 16);
  const a5 = v128.load32_splat(row, 20);
  const a6 = v128.load32_splat(row, 24);
  const a7 = v128.load32_splat(row, 28);
  const m1 = matrix + stride;
  const m2 = m1 + stride;
  const m3 = m2 + stride;
  const m4 = m3 + stride;
  const m5 = m4 + stride;
  const m6 = m5 + stride;
  const m7 = m6 + stride;
  const whole = usize(columns - (columns % 4)) * FLOAT;
  for (let at: usize = 0; at < whole; at += VECTOR) {
    let sum = multiplyAdd(a0, v128.load(matrix + at), v128.load(result + at));
    sum = multiplyAdd(a1, v128.load(m1 + at), sum);
    sum = multiplyAdd(a2, v128.load(m2 + at), sum);
    sum = multiplyAdd(a3, v128.load(m3 + at), sum);
    sum = multiplyAdd(a4, v128.load(m4 + at), sum);
    sum = multiplyAdd(a5, v128.load(m5 + at), sum);
    sum = multiplyAdd(a6, v128.load(m6 + at), sum);
    sum = multiplyAdd(a7, v128.load(m7 + at), sum);
    v128.store(result + at, sum);
  }
  if (columns % 4 === 0) return;
  for (let n = 0; n < ROWS; n++) {
    addRowFrom(whole, result, row + usize(n) * FLOAT, matrix + usize(n) * stride, columns);
  }
}

/** result += a · row of the matrix, from `start` bytes into the row on. */
function addRowFrom(start: usize, result: usize, row: usize, matrix: usize, columns: i32): void {
  const a = v128.load32_splat(row);
  const end = usize(columns) * FLOAT;
  for (let at = start; at < end; at += VECTOR) {
    const lanes = min(4, i32((end - at) / FLOAT));
    storeLanes(result + at, multiplyAdd(a, loadLanes(matrix + at, lanes), loadLanes(result + at, lanes)), lanes);
  }
}

/** result [columns] += row [depth] · matrixᵀ, the matrix being [columns, depth] with rows `stride` bytes apart. */
export function addUnpackedTransposedRowProduct(
  result: usize,
  row: usize,
  matrix: usize,
  stride: usize,
  depth: i32,
  columns: i32,
): void {
  let n = 0;
  for (; n + 4 <= columns; n += 4) {
    addFourDotProducts(result + usize(n) * FLOAT, row, matrix + usize(n) * stride, stride, depth);
  }
  for (; n < columns; n++) {
    addTo(result + usize(n) * FLOAT, dotProduct(row, matrix + usize(n) * stride, depth));
  }
}

function addFourDotProducts(result: usize, row: usize, matrix: usize, stride: usize, depth: i32): void {
  const m1 = matrix + stride;
  const m2 = m1 + stride;
  const m3 = m2 + stride;
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  const whole = usize(depth - (depth % 8)) * FLOAT;
  for (let at: usize = 0; at < whole; at += 2 * VECTOR) {
    const a = v128.load(row + at);
    const b = v128.load(row + at, 16);
    s0 = multiplyAdd(a, v128.load(matrix + at), s0);
    t0 = multiplyAdd(b, v128.load(matrix + at, 16), t0);
    s1 = multiplyAdd(a, v128.load(m1 + at), s1);
    t1 = multiplyAdd(b, v128.load(m1 + at, 16), t1);
    s2 = multiplyAdd(a, v128.load(m2 + at), s2);
    t2 = multiplyAdd(b, v128.load(m2 + at, 16), t2);
    s3 = multiplyAdd(a, v128.load(m3 + at), s3);
    t3 = multiplyAdd(b, v128.load(m3 + at, 16), t3);
  }
  const rest = depth % 8;
  const restOfRow = row + whole;
  addTo(result, sumOfLanes(f32x4.add(s0, t0)) + dotProduct(restOfRow, matrix + whole, rest));
  addTo(result + 4, sumOfLanes(f32x4.add(s1, t1)) + dotProduct(restOfRow, m1 + whole, rest));
  addTo(result + 8, sumOfLanes(f32x4.add(s2, t2)) + dotProduct(restOfRow, m2 + whole, rest));
  addTo(result + 12, sumOfLanes(f32x4.add(s3, t3)) + dotProduct(restOfRow, m3 + whole, rest));
}

@inline
function addTo(result: usize, value: f32): void {
  store<f32>(result, load<f32>(result) + value);
}

function dotProduct(a: usize, b: usize, count: i32): f32 {
  let sum = i32x4.splat(0);
  for (let n = 0; n < count; n += 4) {
    const at = usize(n) * FLOAT;
    const lanes = min(4, count - n);
    sum = multiplyAdd(loadLanes(a + at, lanes), loadLanes(b + at, lanes), sum);
  }
  return sumOfLanes(sum);
}

// Four floats at a time, and the fewer ones at a row's end.

export const FLOAT: usize = 4;
export const VECTOR: usize = 16;

/** Loads `count` floats, 1 to 4; the others are 0. Never reads past them: they may be the last ones in memory. */
@inline
export function loadLanes(address: usize, count: i32): v128 {
  if (count >= 4) return v128.load(address);
  let lanes = v128.load32_zero(address);
  if (count > 1) lanes = v128.load_lane<f32>(address + FLOAT, lanes, 1);
  if (count > 2) lanes = v128.load_lane<f32>(address + 2 * FLOAT, lanes, 2);
  return lanes;
}

/** Stores the first `count` floats, 1 to 4. */
@inline
export function storeLanes(address: usize, lanes: v128, count: i32): void {
  if (count >= 4) {
    v128.store(address, lanes);
    return;
  }
  v128.store_lane<f32>(address, lanes, 0);
  if (count > 1) v128.store_lane<f32>(address + FLOAT, lanes, 1);
  if (count > 2) v128.store_lane<f32>(address + 2 * FLOAT, lanes, 2);
}

/** a * b + sum; in one rounding where relaxed SIMD is on. */
@inline
export function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum);
  return f32x4.add(f32x4.mul(a, b), sum);
}

/** Sum of the four floats. */
@inline
export function sumOfLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** destination += source, for `count` floats. */
export function addRow(destination: usize, source: usize, count: i32): void {
  for (let n = 0; n < count; n += 4) {
    const at = usize(n) * FLOAT;
    const lanes = min(4, count - n);
    storeLanes(destination + at, f32x4.add(loadLanes(destination + at, lanes), loadLanes(source + at, lanes)), lanes);
  }
}

/** destination = a * b, for `count` floats. */
export function multiplyRow(destination: usize, a: usize, b: usize, count: i32): void {
  for (let n = 0; n < count; n += 4) {
    const at = usize(n) * FLOAT;
    const lanes = min(4, count - n);
    storeLanes(destination + at, f32x4.mul(loadLanes(a + at, lanes), loadLanes(b + at, lanes)), lanes);
  }
}

/** destination += a * b, for `count` floats. */
export function multiplyAddRow(destination: usize, a: usize, b: usize, count: i32): void {
  for (let n = 0; n < count; n += 4) {
    const at = usize(n) * FLOAT;
    const lanes = min(4, count - n);
    const sum = multiplyAdd(loadLanes(a + at, lanes), loadLanes(b + at, lanes), loadLanes(destination + at, lanes));
    storeLanes(destination + at, sum, lanes);
  }
}

/** Copies one of the four blocks that each row has, [rows, 4·width] to [rows, width]. */
export function copyBlock(destination: usize, source: usize, rows: i32, width: i32): void {
  const bytes = usize(width) * FLOAT;
  for (; rows > 0; rows--, destination += bytes, source += 4 * bytes) copyRow(destination, source, width);
}

/** Copies `count` floats, here rather than by `memory.copy`, which engines carry out in a call of some 20 ns. */
export function copyRow(destination: usize, source: usize, count: i32): void {
  let n = 0;
  for (; n + 4 <= count; n += 4, destination += VECTOR, source += VECTOR) v128.store(destination, v128.load(source));
  if (n < count) storeLanes(destination, loadLanes(source, count - n), count - n);
}

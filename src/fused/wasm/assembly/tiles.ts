import { multiplyAdd } from './vectors';

// The innermost loops of a matrix product: a sliver times a panel, into some rows and columns of the result. Each is as
// large as 16 vector registers allow. All add the terms of a sum one by one, from the first on, to what is there: whatever
// rows and columns are computed together, and on whichever thread, the sum is rounded alike.

/** c [2, 16] = or += sliver [count, 2]ᵀ · panel [count, 16]; the rows of c are `stride` bytes apart. */
export function tile2x16(c: usize, stride: usize, sliver: usize, panel: usize, count: i32, accumulate: bool): void {
  const d = c + stride;
  let c0 = i32x4.splat(0),
    c1 = c0,
    c2 = c0,
    c3 = c0,
    d0 = c0,
    d1 = c0,
    d2 = c0,
    d3 = c0;
  if (accumulate) {
    c0 = v128.load(c, 0);
    c1 = v128.load(c, 16);
    c2 = v128.load(c, 32);
    c3 = v128.load(c, 48);
    d0 = v128.load(d, 0);
    d1 = v128.load(d, 16);
    d2 = v128.load(d, 32);
    d3 = v128.load(d, 48);
  }
  for (const end = sliver + usize(count) * 8; sliver < end; sliver += 8, panel += 64) {
    const a0 = v128.load32_splat(sliver, 0);
    const a1 = v128.load32_splat(sliver, 4);
    let b = v128.load(panel, 0);
    c0 = multiplyAdd(a0, b, c0);
    d0 = multiplyAdd(a1, b, d0);
    b = v128.load(panel, 16);
    c1 = multiplyAdd(a0, b, c1);
    d1 = multiplyAdd(a1, b, d1);
    b = v128.load(panel, 32);
    c2 = multiplyAdd(a0, b, c2);
    d2 = multiplyAdd(a1, b, d2);
    b = v128.load(panel, 48);
    c3 = multiplyAdd(a0, b, c3);
    d3 = multiplyAdd(a1, b, d3);
  }
  v128.store(c, c0, 0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
  v128.store(d, d0, 0);
  v128.store(d, d1, 16);
  v128.store(d, d2, 32);
  v128.store(d, d3, 48);
}

/** c [1, 16] = or += row [count] · panel [count, 16]. */
export function tile1x16(c: usize, row: usize, panel: usize, count: i32, accumulate: bool): void {
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
  if (accumulate) {
    c0 = v128.load(c, 0);
    c1 = v128.load(c, 16);
    c2 = v128.load(c, 32);
    c3 = v128.load(c, 48);
  }
  for (const end = row + usize(count) * 4; row < end; row += 4, panel += 64) {
    const a = v128.load32_splat(row);
    c0 = multiplyAdd(a, v128.load(panel, 0), c0);
    c1 = multiplyAdd(a, v128.load(panel, 16), c1);
    c2 = multiplyAdd(a, v128.load(panel, 32), c2);
    c3 = multiplyAdd(a, v128.load(panel, 48), c3);
  }
  v128.store(c, c0, 0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
}

/**
 * c [1, 48] += row [count] · three panels [count, 16], each `distance` bytes after the other: with fewer, each sum would wait for
 * its last addition.
 *
 * Addresses move on at the start of a turn, so that V8 need not copy them.
 */
export function tile1x48(c: usize, row: usize, panel: usize, distance: usize, count: i32): void {
  let c0 = v128.load(c, 0);
  let c1 = v128.load(c, 16);
  let c2 = v128.load(c, 32);
  let c3 = v128.load(c, 48);
  let d0 = v128.load(c, 64);
  let d1 = v128.load(c, 80);
  let d2 = v128.load(c, 96);
  let d3 = v128.load(c, 112);
  let e0 = v128.load(c, 128);
  let e1 = v128.load(c, 144);
  let e2 = v128.load(c, 160);
  let e3 = v128.load(c, 176);
  const end = row + usize(count) * 4;
  let second = panel + distance - 64;
  let third = second + distance;
  row -= 4;
  panel -= 64;
  while (row + 4 < end) {
    row += 4;
    panel += 64;
    second += 64;
    third += 64;
    const a = v128.load32_splat(row);
    c0 = multiplyAdd(a, v128.load(panel, 0), c0);
    c1 = multiplyAdd(a, v128.load(panel, 16), c1);
    c2 = multiplyAdd(a, v128.load(panel, 32), c2);
    c3 = multiplyAdd(a, v128.load(panel, 48), c3);
    d0 = multiplyAdd(a, v128.load(second, 0), d0);
    d1 = multiplyAdd(a, v128.load(second, 16), d1);
    d2 = multiplyAdd(a, v128.load(second, 32), d2);
    d3 = multiplyAdd(a, v128.load(second, 48), d3);
    e0 = multiplyAdd(a, v128.load(third, 0), e0);
    e1 = multiplyAdd(a, v128.load(third, 16), e1);
    e2 = multiplyAdd(a, v128.load(third, 32), e2);
    e3 = multiplyAdd(a, v128.load(third, 48), e3);
  }
  v128.store(c, c0, 0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
  v128.store(c, d0, 64);
  v128.store(c, d1, 80);
  v128.store(c, d2, 96);
  v128.store(c, d3, 112);
  v128.store(c, e0, 128);
  v128.store(c, e1, 144);
  v128.store(c, e2, 160);
  v128.store(c, e3, 176);
}

/**
 * c [4, 8] = or += sliver [count, 4]ᵀ · half a panel [count, 8 of 16]: what 16 registers allow where a multiply-add takes one for
 * the product. The rows of c are taken from the last one on: V8 orders what does not depend on each
 * other by its uses, and would otherwise load most of a turn's vectors first.
 *
 * V8 orders the operations between two branches sum by sum. So each k ends with one: else the additions of a sum would follow each
 * other and wait. The sliver moves on with each k, as V8 computes the address of each splat anew for another offset.
 */
export function tile4x8(c: usize, stride: usize, sliver: usize, panel: usize, count: i32, accumulate: bool): void {
  let c0 = i32x4.splat(0),
    c1 = c0,
    d0 = c0,
    d1 = c0,
    e0 = c0,
    e1 = c0,
    f0 = c0,
    f1 = c0;
  const d = c + stride;
  const e = d + stride;
  const f = e + stride;
  if (accumulate) {
    c0 = v128.load(c, 0);
    c1 = v128.load(c, 16);
    d0 = v128.load(d, 0);
    d1 = v128.load(d, 16);
    e0 = v128.load(e, 0);
    e1 = v128.load(e, 16);
    f0 = v128.load(f, 0);
    f1 = v128.load(f, 16);
  }
  const last = sliver + usize(count - 1) * 16;
  sliver -= 16;
  panel -= 256;
  while (true) {
    panel += 256;
    sliver += 16;
    let b0 = v128.load(panel, 0);
    let b1 = v128.load(panel, 16);
    let a = v128.load32_splat(sliver, 12);
    f0 = multiplyAdd(a, b0, f0);
    f1 = multiplyAdd(a, b1, f1);
    a = v128.load32_splat(sliver, 8);
    e0 = multiplyAdd(a, b0, e0);
    e1 = multiplyAdd(a, b1, e1);
    a = v128.load32_splat(sliver, 4);
    d0 = multiplyAdd(a, b0, d0);
    d1 = multiplyAdd(a, b1, d1);
    a = v128.load32_splat(sliver, 0);
    c0 = multiplyAdd(a, b0, c0);
    c1 = multiplyAdd(a, b1, c1);
    if (sliver === last) break;
    sliver += 16;
    b0 = v128.load(panel, 64);
    b1 = v128.load(panel, 80);
    a = v128.load32_splat(sliver, 12);
    f0 = multiplyAdd(a, b0, f0);
    f1 = multiplyAdd(a, b1, f1);
    a = v128.load32_splat(sliver, 8);
    e0 = multiplyAdd(a, b0, e0);
    e1 = multiplyAdd(a, b1, e1);
    a = v128.load32_splat(sliver, 4);
    d0 = multiplyAdd(a, b0, d0);
    d1 = multiplyAdd(a, b1, d1);
    a = v128.load32_splat(sliver, 0);
    c0 = multiplyAdd(a, b0, c0);
    c1 = multiplyAdd(a, b1, c1);
    if (sliver === last) break;
    sliver += 16;
    b0 = v128.load(panel, 128);
    b1 = v128.load(panel, 144);
    a = v128.load32_splat(sliver, 12);
    f0 = multiplyAdd(a, b0, f0);
    f1 = multiplyAdd(a, b1, f1);
    a = v128.load32_splat(sliver, 8);
    e0 = multiplyAdd(a, b0, e0);
    e1 = multiplyAdd(a, b1, e1);
    a = v128.load32_splat(sliver, 4);
    d0 = multiplyAdd(a, b0, d0);
    d1 = multiplyAdd(a, b1, d1);
    a = v128.load32_splat(sliver, 0);
    c0 = multiplyAdd(a, b0, c0);
    c1 = multiplyAdd(a, b1, c1);
    if (sliver === last) break;
    sliver += 16;
    b0 = v128.load(panel, 192);
    b1 = v128.load(panel, 208);
    a = v128.load32_splat(sliver, 12);
    f0 = multiplyAdd(a, b0, f0);
    f1 = multiplyAdd(a, b1, f1);
    a = v128.load32_splat(sliver, 8);
    e0 = multiplyAdd(a, b0, e0);
    e1 = multiplyAdd(a, b1, e1);
    a = v128.load32_splat(sliver, 4);
    d0 = multiplyAdd(a, b0, d0);
    d1 = multiplyAdd(a, b1, d1);
    a = v128.load32_splat(sliver, 0);
    c0 = multiplyAdd(a, b0, c0);
    c1 = multiplyAdd(a, b1, c1);
    if (sliver === last) break;
  }
  v128.store(c, c0, 0);
  v128.store(c, c1, 16);
  v128.store(d, d0, 0);
  v128.store(d, d1, 16);
  v128.store(e, e0, 0);
  v128.store(e, e1, 16);
  v128.store(f, f0, 0);
  v128.store(f, f1, 16);
}

/** c [6, 8] = or += sliver [count, 6]ᵀ · half a panel [count, 8 of 16]. */
export function tile6x8(c: usize, stride: usize, sliver: usize, panel: usize, count: i32, accumulate: bool): void {
  let c0 = i32x4.splat(0),
    d0 = c0,
    e0 = c0,
    f0 = c0,
    g0 = c0,
    h0 = c0;
  let c1 = c0,
    d1 = c0,
    e1 = c0,
    f1 = c0,
    g1 = c0,
    h1 = c0;
  const d = c + stride;
  const e = d + stride;
  const f = e + stride;
  const g = f + stride;
  const h = g + stride;
  if (accumulate) {
    c0 = v128.load(c, 0);
    c1 = v128.load(c, 16);
    d0 = v128.load(d, 0);
    d1 = v128.load(d, 16);
    e0 = v128.load(e, 0);
    e1 = v128.load(e, 16);
    f0 = v128.load(f, 0);
    f1 = v128.load(f, 16);
    g0 = v128.load(g, 0);
    g1 = v128.load(g, 16);
    h0 = v128.load(h, 0);
    h1 = v128.load(h, 16);
  }
  for (const end = sliver + usize(count) * 24; sliver < end; sliver += 24, panel += 64) {
    const b0 = v128.load(panel, 0);
    const b1 = v128.load(panel, 16);
    let a = v128.load32_splat(sliver, 0);
    c0 = multiplyAdd(a, b0, c0);
    c1 = multiplyAdd(a, b1, c1);
    a = v128.load32_splat(sliver, 4);
    d0 = multiplyAdd(a, b0, d0);
    d1 = multiplyAdd(a, b1, d1);
    a = v128.load32_splat(sliver, 8);
    e0 = multiplyAdd(a, b0, e0);
    e1 = multiplyAdd(a, b1, e1);
    a = v128.load32_splat(sliver, 12);
    f0 = multiplyAdd(a, b0, f0);
    f1 = multiplyAdd(a, b1, f1);
    a = v128.load32_splat(sliver, 16);
    g0 = multiplyAdd(a, b0, g0);
    g1 = multiplyAdd(a, b1, g1);
    a = v128.load32_splat(sliver, 20);
    h0 = multiplyAdd(a, b0, h0);
    h1 = multiplyAdd(a, b1, h1);
  }
  v128.store(c, c0, 0);
  v128.store(c, c1, 16);
  v128.store(d, d0, 0);
  v128.store(d, d1, 16);
  v128.store(e, e0, 0);
  v128.store(e, e1, 16);
  v128.store(f, f0, 0);
  v128.store(f, f1, 16);
  v128.store(g, g0, 0);
  v128.store(g, g1, 16);
  v128.store(h, h0, 0);
  v128.store(h, h1, 16);
}

/** A vector of constants, 12 vectors that stay in the first cache, and what read() reads. */
const CONSTANT: usize = 64;
const WEIGHTS: usize = 128;
const DATA: usize = 1024;

/** Bytes that one turn of read()'s loop takes. */
const BLOCK: usize = 128;

/**
 * What the inner loop of a matrix product does, and nothing else: sum = sum + x · weight, `iterations` times on 12 vectors
 * of 4 floats, whose sums stay in registers and hide each other's latency.
 */
export function multiplyAdd(iterations: i32): f32 {
  const x = v128.load(CONSTANT);
  let a = x;
  let b = x;
  let c = x;
  let d = x;
  let e = x;
  let f = x;
  let g = x;
  let h = x;
  let k = x;
  let l = x;
  let m = x;
  let n = x;
  for (let iteration = 0; iteration < iterations; iteration++) {
    a = f32x4.add(a, f32x4.mul(x, v128.load(WEIGHTS, 0)));
    b = f32x4.add(b, f32x4.mul(x, v128.load(WEIGHTS, 16)));
    c = f32x4.add(c, f32x4.mul(x, v128.load(WEIGHTS, 32)));
    d = f32x4.add(d, f32x4.mul(x, v128.load(WEIGHTS, 48)));
    e = f32x4.add(e, f32x4.mul(x, v128.load(WEIGHTS, 64)));
    f = f32x4.add(f, f32x4.mul(x, v128.load(WEIGHTS, 80)));
    g = f32x4.add(g, f32x4.mul(x, v128.load(WEIGHTS, 96)));
    h = f32x4.add(h, f32x4.mul(x, v128.load(WEIGHTS, 112)));
    k = f32x4.add(k, f32x4.mul(x, v128.load(WEIGHTS, 128)));
    l = f32x4.add(l, f32x4.mul(x, v128.load(WEIGHTS, 144)));
    m = f32x4.add(m, f32x4.mul(x, v128.load(WEIGHTS, 160)));
    n = f32x4.add(n, f32x4.mul(x, v128.load(WEIGHTS, 176)));
  }
  const first = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(e, f));
  const second = f32x4.add(f32x4.add(f32x4.add(g, h), f32x4.add(k, l)), f32x4.add(m, n));
  return f32x4.extract_lane(f32x4.add(first, second), 0);
}

/**
 * Reads `bytes` bytes, a multiple of 128, `passes` times: every second time from the end to the start, so that what a
 * cache still holds of the last pass is read first, as a fused kernel would do it.
 */
export function read(bytes: usize, passes: i32): i32 {
  let sum = i32x4.splat(0);
  for (let pass = 0; pass < passes; pass++) {
    const backwards = <bool>(pass & 1);
    let place = backwards ? DATA + bytes - BLOCK : DATA;
    const stride = backwards ? -(<isize>BLOCK) : <isize>BLOCK;
    for (let block: usize = 0; block < bytes / BLOCK; block++) {
      const first = v128.xor(v128.load(place), v128.load(place, 16));
      const second = v128.xor(v128.load(place, 32), v128.load(place, 48));
      const third = v128.xor(v128.load(place, 64), v128.load(place, 80));
      const fourth = v128.xor(v128.load(place, 96), v128.load(place, 112));
      sum = v128.xor(sum, v128.xor(v128.xor(first, second), v128.xor(third, fourth)));
      place += stride;
    }
  }
  return i32x4.extract_lane(sum, 0);
}

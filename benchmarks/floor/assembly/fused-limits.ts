/** Two vectors of constants, and 3 vectors that stay in the first cache. */
const CONSTANTS: usize = 64;
const WEIGHTS: usize = 128;

/**
 * What the inner loop of a matrix product does with the one instruction that relaxed SIMD has for it: `iterations` times
 * on 9 vectors of 4 floats, 3 rows by 3 columns, which was the fastest of several such blocks.
 */
export function fusedMultiplyAdd(iterations: i32): f32 {
  const x = v128.load(CONSTANTS);
  const y = v128.load(CONSTANTS, 16);
  const z = v128.load(CONSTANTS, 32);
  let a = x;
  let b = x;
  let c = x;
  let d = x;
  let e = x;
  let f = x;
  let g = x;
  let h = x;
  let k = x;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const first = v128.load(WEIGHTS, 0);
    a = f32x4.relaxed_madd(x, first, a);
    d = f32x4.relaxed_madd(y, first, d);
    g = f32x4.relaxed_madd(z, first, g);
    const second = v128.load(WEIGHTS, 16);
    b = f32x4.relaxed_madd(x, second, b);
    e = f32x4.relaxed_madd(y, second, e);
    h = f32x4.relaxed_madd(z, second, h);
    const third = v128.load(WEIGHTS, 32);
    c = f32x4.relaxed_madd(x, third, c);
    f = f32x4.relaxed_madd(y, third, f);
    k = f32x4.relaxed_madd(z, third, k);
  }
  const sumOfTwo = f32x4.add(f32x4.add(f32x4.add(a, b), c), f32x4.add(f32x4.add(d, e), f));
  return f32x4.extract_lane(f32x4.add(sumOfTwo, f32x4.add(f32x4.add(g, h), k)), 0);
}

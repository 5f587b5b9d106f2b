import { multiplyAdd, VECTOR } from './vectors';

// exp(x) = 2^t = 2^n (1 + p), where n is the integer nearest to t and p = 2^f - 1 = f q(f), |f| <= 1/2; q is a polynomial of
// degree 5, fitted so that the largest relative error of p is least (1.1e-8 before its coefficients are rounded).
//
// Constants are read from memory: V8 would build them anew, from immediates, in every turn of a loop. They are written
// there first, since a module that shares another's memory must not bring data of its own.

/** 1.5 * 2^23: added to a small number, it leaves the number, rounded to an integer, in the lowest bits. */
const ROUNDING: usize = 0 * VECTOR;
const Q0: usize = 1 * VECTOR;
const Q1: usize = 2 * VECTOR;
const Q2: usize = 3 * VECTOR;
const Q3: usize = 4 * VECTOR;
const Q4: usize = 5 * VECTOR;
const Q5: usize = 6 * VECTOR;
const ONE: usize = 7 * VECTOR;
const TWO: usize = 8 * VECTOR;
const MINUS_LOG2_E: usize = 9 * VECTOR;
const SIGMOID_LEAST: usize = 10 * VECTOR;
const SIGMOID_MOST: usize = 11 * VECTOR;
const TWO_LOG2_E: usize = 12 * VECTOR;
const TANH_LEAST: usize = 13 * VECTOR;
const TANH_MOST: usize = 14 * VECTOR;
const HARD_SLOPE: usize = 15 * VECTOR;
const HALF: usize = 16 * VECTOR;
export const CONSTANTS_BYTES: usize = 17 * VECTOR;

@inline
function write(constants: usize, at: usize, value: f32): void {
  v128.store(constants + at, f32x4.splat(value));
}

export function writeConstants(constants: usize): void {
  write(constants, ROUNDING, 12582912.0);
  write(constants, Q0, 0.6931471824645996);
  write(constants, Q1, 0.24022649228572845);
  write(constants, Q2, 0.05550357326865196);
  write(constants, Q3, 0.009618237614631653);
  write(constants, Q4, 0.0013390746898949146);
  write(constants, Q5, 0.00015403512225020677);
  write(constants, ONE, 1.0);
  write(constants, TWO, 2.0);
  write(constants, MINUS_LOG2_E, -1.4426950408889634);
  write(constants, SIGMOID_LEAST, -126.0);
  write(constants, SIGMOID_MOST, 128.0);
  write(constants, TWO_LOG2_E, 2.8853900817779268);
  write(constants, TANH_LEAST, -30.0);
  write(constants, TANH_MOST, 30.0);
  write(constants, HARD_SLOPE, 0.2);
  write(constants, HALF, 0.5);
}

// pmin and pmax return their first argument where one is NaN: so NaN comes out where NaN went in.
@inline
export function clamp(x: v128, least: v128, most: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, least), most);
}

/** To [-bound, bound]; as it is where the bound is infinite. */
@inline
export function clip(x: v128, bound: f32): v128 {
  return clamp(x, f32x4.splat(-bound), f32x4.splat(bound));
}

/** n + 1.5 * 2^23. */
@inline
export function rounded(t: v128, constants: usize): v128 {
  return f32x4.add(t, v128.load(constants, ROUNDING));
}

/** 2^n; infinite where n = 128. */
@inline
export function powerOfTwo(rounded: v128, constants: usize): v128 {
  return i32x4.add(i32x4.shl(rounded, 23), v128.load(constants, ONE));
}

/** 2^f - 1, f being t - n. */
@inline
export function fractionalPower(t: v128, rounded: v128, constants: usize): v128 {
  const f = f32x4.sub(t, f32x4.sub(rounded, v128.load(constants, ROUNDING)));
  const f2 = f32x4.mul(f, f);
  // Pairs first: three short chains instead of a long one.
  const low = multiplyAdd(v128.load(constants, Q1), f, v128.load(constants, Q0));
  const middle = multiplyAdd(v128.load(constants, Q3), f, v128.load(constants, Q2));
  const high = multiplyAdd(v128.load(constants, Q5), f, v128.load(constants, Q4));
  return f32x4.mul(f, multiplyAdd(f2, multiplyAdd(f2, high, middle), low));
}

/** 1 / (1 + exp(-x)). Exactly 0 far on the left, where exp overflows. */
@inline
export function sigmoid(x: v128, constants: usize): v128 {
  const product = f32x4.mul(x, v128.load(constants, MINUS_LOG2_E));
  const t = clamp(product, v128.load(constants, SIGMOID_LEAST), v128.load(constants, SIGMOID_MOST));
  const n = rounded(t, constants);
  const one = v128.load(constants, ONE);
  // 1 + p before the product: infinity times a p of 0, or less, would be NaN.
  const exp = f32x4.mul(powerOfTwo(n, constants), f32x4.add(fractionalPower(t, n, constants), one));
  return f32x4.div(one, f32x4.add(one, exp));
}

/** By exp(2x) - 1, so that it is as accurate relative to small values as to large ones. */
@inline
export function tanh(x: v128, constants: usize): v128 {
  const product = f32x4.mul(x, v128.load(constants, TWO_LOG2_E));
  const t = clamp(product, v128.load(constants, TANH_LEAST), v128.load(constants, TANH_MOST));
  const n = rounded(t, constants);
  const power = powerOfTwo(n, constants);
  const expm1 = multiplyAdd(power, fractionalPower(t, n, constants), f32x4.sub(power, v128.load(constants, ONE)));
  return f32x4.div(expm1, f32x4.add(expm1, v128.load(constants, TWO)));
}

/** 0.2x + 0.5. */
@inline
export function unclippedHardSigmoid(x: v128, constants: usize): v128 {
  return f32x4.add(f32x4.mul(x, v128.load(constants, HARD_SLOPE)), v128.load(constants, HALF));
}

@inline
export function clipToUnit(x: v128, constants: usize): v128 {
  return clamp(x, i32x4.splat(0), v128.load(constants, ONE));
}

/** Derivative of the sigmoid, or of the hard one, from what the forward pass saved. */
@inline
export function gateDerivative(saved: v128, hard: bool, constants: usize): v128 {
  const one = v128.load(constants, ONE);
  if (!hard) return f32x4.mul(saved, f32x4.sub(one, saved));
  const isInside = v128.and(f32x4.ge(saved, i32x4.splat(0)), f32x4.le(saved, one));
  return v128.and(v128.load(constants, HARD_SLOPE), isInside);
}

/** 1 - y², the derivative of tanh where it has the value y. */
@inline
export function tanhDerivative(y: v128, constants: usize): v128 {
  return f32x4.sub(v128.load(constants, ONE), f32x4.mul(y, y));
}

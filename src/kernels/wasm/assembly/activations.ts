import { multiplyAdd, VECTOR } from './vectors';

// exp(x) = 2^n (1 + p), with x = n ln 2 + r, |r| <= ln 2 / 2, and p = r + r² q(r); q is a polynomial of degree 4, fitted
// so that the largest relative error of p is least (1.3e-8).
//
// Constants are read from memory: V8 would build them anew, from immediates, in every turn of a loop. They are written
// there first, since a module that shares another's memory must not bring data of its own.

const LOG2_E: usize = 0 * VECTOR;
/** 1.5 * 2^23: added to a small number, it leaves the number, rounded to an integer, in the lowest bits. */
const ROUNDING: usize = 1 * VECTOR;
const LN_2_HIGH: usize = 2 * VECTOR;
const LN_2_LOW: usize = 3 * VECTOR;
const Q0: usize = 4 * VECTOR;
const Q1: usize = 5 * VECTOR;
const Q2: usize = 6 * VECTOR;
const Q3: usize = 7 * VECTOR;
const Q4: usize = 8 * VECTOR;
const ONE: usize = 9 * VECTOR;
const TWO: usize = 10 * VECTOR;
const SIGMOID_LEAST: usize = 11 * VECTOR;
const SIGMOID_MOST: usize = 12 * VECTOR;
const TANH_MOST: usize = 13 * VECTOR;
const TANH_LEAST: usize = 14 * VECTOR;
const HARD_SLOPE: usize = 15 * VECTOR;
const HALF: usize = 16 * VECTOR;
export const CONSTANTS_BYTES: usize = 17 * VECTOR;

@inline
function write(constants: usize, at: usize, value: f32): void {
  v128.store(constants + at, f32x4.splat(value));
}

export function writeConstants(constants: usize): void {
  write(constants, LOG2_E, 1.4426950408889634);
  write(constants, ROUNDING, 12582912.0);
  write(constants, LN_2_HIGH, 0.693145751953125);
  write(constants, LN_2_LOW, 1.428606765330187e-6);
  write(constants, Q0, 0.4999999701976776);
  write(constants, Q1, 0.1666654348373413);
  write(constants, Q2, 0.04166720062494278);
  write(constants, Q3, 0.008366520516574383);
  write(constants, Q4, 0.0013882521307095885);
  write(constants, ONE, 1.0);
  write(constants, TWO, 2.0);
  write(constants, SIGMOID_LEAST, -87.0);
  write(constants, SIGMOID_MOST, 89.0);
  write(constants, TANH_MOST, 20.0);
  write(constants, TANH_LEAST, -20.0);
  write(constants, HARD_SLOPE, 0.2);
  write(constants, HALF, 0.5);
}

// pmin and pmax return their first argument where one is NaN: so NaN comes out where NaN went in.
@inline
function clamp(x: v128, least: v128, most: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, least), most);
}

/** n + 1.5 * 2^23, n being the integer nearest to x / ln 2. */
@inline
function roundedPower(x: v128, constants: usize): v128 {
  return multiplyAdd(x, v128.load(constants, LOG2_E), v128.load(constants, ROUNDING));
}

/** 2^n; infinite where n = 128. */
@inline
function powerOfTwo(rounded: v128, constants: usize): v128 {
  return i32x4.add(i32x4.shl(rounded, 23), v128.load(constants, ONE));
}

/** exp(r) - 1, r being what x exceeds n ln 2 by. */
@inline
function expm1OfRest(x: v128, rounded: v128, constants: usize): v128 {
  const n = f32x4.sub(rounded, v128.load(constants, ROUNDING));
  let r = f32x4.sub(x, f32x4.mul(n, v128.load(constants, LN_2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, v128.load(constants, LN_2_LOW)));
  let q = multiplyAdd(v128.load(constants, Q4), r, v128.load(constants, Q3));
  q = multiplyAdd(q, r, v128.load(constants, Q2));
  q = multiplyAdd(q, r, v128.load(constants, Q1));
  q = multiplyAdd(q, r, v128.load(constants, Q0));
  return multiplyAdd(f32x4.mul(r, r), q, r);
}

/** 1 / (1 + exp(-x)). Exactly 0 far on the left, where exp overflows. */
@inline
export function sigmoid(x: v128, constants: usize): v128 {
  const y = clamp(f32x4.neg(x), v128.load(constants, SIGMOID_LEAST), v128.load(constants, SIGMOID_MOST));
  const rounded = roundedPower(y, constants);
  const one = v128.load(constants, ONE);
  // 1 + p before the product: infinity times a p of 0, or less, would be NaN.
  const exp = f32x4.mul(powerOfTwo(rounded, constants), f32x4.add(expm1OfRest(y, rounded, constants), one));
  return f32x4.div(one, f32x4.add(one, exp));
}

/** By exp(2x) - 1, so that it is as accurate relative to small values as to large ones. */
@inline
export function tanh(x: v128, constants: usize): v128 {
  const y = clamp(f32x4.add(x, x), v128.load(constants, TANH_LEAST), v128.load(constants, TANH_MOST));
  const rounded = roundedPower(y, constants);
  const power = powerOfTwo(rounded, constants);
  const rest = expm1OfRest(y, rounded, constants);
  const expm1 = multiplyAdd(power, rest, f32x4.sub(power, v128.load(constants, ONE)));
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

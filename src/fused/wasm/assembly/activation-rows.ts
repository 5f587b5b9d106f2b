import { clamp, fractionalPower, powerOfTwo, rounded, sigmoid, tanh, tanhDerivative } from './activations';
import { multiplyAdd, VECTOR } from './vectors';
import { constants } from './workspace';

/** What φ and σ may be, by tfjs's names. JavaScript says them by these numbers, which the script that compiles this takes from here. */
export const enum Activation {
  sigmoid,
  hardSigmoid,
  tanh,
  hardSigmoidKeras3,
  softsign,
  linear,
  relu,
  relu6,
  elu,
  selu,
  softplus,
  swish,
  gelu,
  gelu_new,
  mish,
}

/** The smallest number above 0, and the largest below 6. */
const LEAST: f32 = 1.401298464324817e-45;
const BELOW_SIX: f32 = 5.999999523162842;
const LOG2_E: f32 = 1.4426950408889634;
const SELU_SCALE: f32 = 1.0507009873554805;
const SELU_SCALE_ALPHA: f32 = 1.7580993408473768;
/** 2·sqrt(2 / π), and 0.044715 of it. */
const GELU_NEW_LINEAR: f32 = 1.5957691216057308;
const GELU_NEW_CUBIC: f32 = 0.07135481627159625;
const INFINITY: f32 = f32.POSITIVE_INFINITY;

/**
 * Replaces values by their activations, and writes the derivatives.
 *
 * @param ofSlopes How far the derivatives are behind the values.
 * @param bytes Of whole vectors.
 */
export function activateVectors(activation: i32, values: usize, ofSlopes: usize, bytes: usize): void {
  const end = values + bytes;
  if (activation === Activation.sigmoid) activateSigmoid(values, ofSlopes, end);
  else if (activation === Activation.tanh) activateTanh(values, ofSlopes, end);
  else if (activation === Activation.hardSigmoid) activateRamp(values, ofSlopes, end, 0.2, 0.5, 0, 1, 0, 1, 1, 0);
  else if (activation === Activation.hardSigmoidKeras3) activateRamp(values, ofSlopes, end, 1, 3, 0, 6, LEAST, 6, 6, f32.NaN);
  else if (activation === Activation.softsign) activateSoftsign(values, ofSlopes, end);
  else if (activation === Activation.linear) activateRamp(values, ofSlopes, end, 1, 0, -INFINITY, INFINITY, -INFINITY, INFINITY, 1, 1);
  else if (activation === Activation.relu) activateRamp(values, ofSlopes, end, 1, 0, 0, INFINITY, LEAST, INFINITY, 1, f32.NaN);
  else if (activation === Activation.relu6) activateRamp(values, ofSlopes, end, 1, 0, 0, 6, LEAST, BELOW_SIX, 1, f32.NaN);
  else if (activation === Activation.elu) activateExponential(values, ofSlopes, end, 1, 1);
  else if (activation === Activation.selu) activateExponential(values, ofSlopes, end, SELU_SCALE, SELU_SCALE_ALPHA);
  else if (activation === Activation.softplus) activateSoftplus(values, ofSlopes, end);
  else if (activation === Activation.swish) activateWeighted(values, ofSlopes, end, 1, 0);
  else if (activation === Activation.gelu_new) activateWeighted(values, ofSlopes, end, GELU_NEW_LINEAR, GELU_NEW_CUBIC);
  else if (activation === Activation.gelu) activateGelu(values, ofSlopes, end);
  else activateMish(values, ofSlopes, end);
}

/** 2^t: infinite from 128 on, and 0 below -126.5. */
function power(t: v128): v128 {
  const clamped = clamp(t, f32x4.splat(-127), f32x4.splat(128));
  const n = rounded(clamped, constants);
  return f32x4.mul(powerOfTwo(n, constants), f32x4.add(fractionalPower(clamped, n, constants), f32x4.splat(1)));
}

function activateSigmoid(at: usize, ofSlopes: usize, end: usize): void {
  for (; at < end; at += VECTOR) {
    const value = sigmoid(v128.load(at), constants);
    v128.store(at, value);
    v128.store(at + ofSlopes, f32x4.mul(value, f32x4.sub(f32x4.splat(1), value)));
  }
}

function activateTanh(at: usize, ofSlopes: usize, end: usize): void {
  for (; at < end; at += VECTOR) {
    const value = tanh(v128.load(at), constants);
    v128.store(at, value);
    v128.store(at + ofSlopes, tanhDerivative(value, constants));
  }
}

/**
 * A line scale·x + offset that is clipped to [least, most] and then divided.
 *
 * @param first From here to `last` of the line it has a slope.
 */
function activateRamp(
  at: usize,
  ofSlopes: usize,
  end: usize,
  scale: f32,
  offset: f32,
  least: f32,
  most: f32,
  first: f32,
  last: f32,
  divisor: f32,
  slopeOfNaN: f32,
): void {
  const slope = f32x4.splat(scale / divisor);
  for (; at < end; at += VECTOR) {
    const line = f32x4.add(f32x4.mul(v128.load(at), f32x4.splat(scale)), f32x4.splat(offset));
    const isInside = v128.and(f32x4.ge(line, f32x4.splat(first)), f32x4.le(line, f32x4.splat(last)));
    v128.store(at, f32x4.div(clamp(line, f32x4.splat(least), f32x4.splat(most)), f32x4.splat(divisor)));
    const isNaN = f32x4.ne(line, line);
    v128.store(at + ofSlopes, v128.or(v128.and(slope, isInside), v128.and(f32x4.splat(slopeOfNaN), isNaN)));
  }
}

function activateSoftsign(at: usize, ofSlopes: usize, end: usize): void {
  for (; at < end; at += VECTOR) {
    const x = v128.load(at);
    const reciprocal = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.abs(x), f32x4.splat(1)));
    v128.store(at, f32x4.mul(x, reciprocal));
    v128.store(at + ofSlopes, f32x4.mul(reciprocal, reciprocal));
  }
}

/** ELU and SELU: above·x, and below·(exp(x) - 1) where x is negative. */
function activateExponential(at: usize, ofSlopes: usize, end: usize, above: f32, below: f32): void {
  const zero = f32x4.splat(0);
  for (; at < end; at += VECTOR) {
    const x = v128.load(at);
    const t = clamp(f32x4.mul(x, f32x4.splat(LOG2_E)), f32x4.splat(-30), zero);
    const n = rounded(t, constants);
    const exp = powerOfTwo(n, constants);
    const expm1 = multiplyAdd(exp, fractionalPower(t, n, constants), f32x4.sub(exp, f32x4.splat(1)));
    const negative = f32x4.mul(expm1, f32x4.splat(below));
    v128.store(at, f32x4.add(f32x4.mul(f32x4.pmax(x, zero), f32x4.splat(above)), negative));
    const slope = f32x4.add(negative, f32x4.splat(below));
    v128.store(at + ofSlopes, v128.bitselect(f32x4.splat(above), slope, f32x4.gt(x, zero)));
  }
}

/** ln(1 + u) = 2 artanh(s), where s = u / (2 + u) is at most 1/3: s times a polynomial in s², with an error below 4e-9. */
function activateSoftplus(at: usize, ofSlopes: usize, end: usize): void {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  for (; at < end; at += VECTOR) {
    const x = v128.load(at);
    const u = power(f32x4.mul(f32x4.abs(x), f32x4.splat(-LOG2_E)));
    const s = f32x4.div(u, f32x4.add(u, f32x4.splat(2)));
    const s2 = f32x4.mul(s, s);
    let sum = multiplyAdd(s2, f32x4.splat(0.28178257), f32x4.splat(0.27960622));
    sum = multiplyAdd(s2, sum, f32x4.splat(0.40024909));
    sum = multiplyAdd(s2, sum, f32x4.splat(0.66666315));
    sum = multiplyAdd(s2, sum, f32x4.splat(2));
    v128.store(at, multiplyAdd(s, sum, f32x4.pmax(x, zero)));
    const numerator = v128.bitselect(one, u, f32x4.ge(x, zero));
    v128.store(at + ofSlopes, f32x4.div(numerator, f32x4.add(u, one)));
  }
}

/** Swish and the approximation of GELU by tanh: x·sigmoid(linear·x + cubic·x³). */
function activateWeighted(at: usize, ofSlopes: usize, end: usize, linear: f32, cubic: f32): void {
  for (; at < end; at += VECTOR) {
    const x = v128.load(at);
    // Were it infinite, 0 times it would be NaN.
    const bent = f32x4.mul(f32x4.pmin(f32x4.mul(x, x), f32x4.splat(1e30)), f32x4.splat(cubic));
    const weight = sigmoid(f32x4.mul(x, f32x4.add(bent, f32x4.splat(linear))), constants);
    const value = f32x4.mul(x, weight);
    const slope = f32x4.add(f32x4.mul(bent, f32x4.splat(3)), f32x4.splat(linear));
    v128.store(at, value);
    const through = f32x4.mul(f32x4.mul(value, f32x4.sub(f32x4.splat(1), weight)), slope);
    v128.store(at + ofSlopes, f32x4.add(weight, through));
  }
}

/** x·Φ(x), with Φ as tfjs's `erf` has it: Abramowitz and Stegun 26.2.17. */
function activateGelu(at: usize, ofSlopes: usize, end: usize): void {
  const one = f32x4.splat(1);
  for (; at < end; at += VECTOR) {
    const x = v128.load(at);
    const t = f32x4.div(one, f32x4.add(f32x4.mul(f32x4.abs(x), f32x4.splat(0.2316419)), one));
    const exp = power(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5 * LOG2_E)));
    let sum = multiplyAdd(t, f32x4.splat(0.5307027145), f32x4.splat(-0.7265760135));
    sum = multiplyAdd(t, sum, f32x4.splat(0.7107068705));
    sum = multiplyAdd(t, sum, f32x4.splat(-0.142248368));
    sum = multiplyAdd(t, sum, f32x4.splat(0.127414796));
    const tail = f32x4.mul(f32x4.mul(t, sum), exp);
    const below = v128.bitselect(f32x4.sub(one, tail), tail, f32x4.gt(x, f32x4.splat(0)));
    v128.store(at, f32x4.mul(x, below));
    const density = f32x4.mul(exp, f32x4.splat(0.3989422804));
    v128.store(at + ofSlopes, multiplyAdd(x, density, below));
  }
}

/** x·tanh(softplus(x)), of which the latter is n / (n + 2), where n = e(e + 2) and e = exp(x). */
function activateMish(at: usize, ofSlopes: usize, end: usize): void {
  const one = f32x4.splat(1);
  const two = f32x4.splat(2);
  for (; at < end; at += VECTOR) {
    const x = v128.load(at);
    // Bounded, so that n is finite.
    const e = power(f32x4.pmin(f32x4.mul(x, f32x4.splat(LOG2_E)), f32x4.splat(60)));
    const n = f32x4.mul(e, f32x4.add(e, two));
    const reciprocal = f32x4.div(one, f32x4.add(n, two));
    const weight = f32x4.mul(n, reciprocal);
    v128.store(at, f32x4.mul(x, weight));
    const ofWeight = f32x4.mul(f32x4.mul(e, f32x4.add(e, one)), f32x4.mul(reciprocal, reciprocal));
    v128.store(at + ofSlopes, multiplyAdd(x, f32x4.mul(ofWeight, f32x4.splat(4)), weight));
  }
}

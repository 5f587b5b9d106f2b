/**
 * How ONNX's LSTM says what this package's cells say.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__LSTM.html
 */

/** ONNX's order of blocks in W, R and both halves of B, by this package's names; that of P is without g. */
export const ONNX_BLOCKS = ['i', 'o', 'f', 'g'] as const;
export const ONNX_PEEPHOLES = ['i', 'o', 'f'] as const;

export type Direction = 'forward' | 'reverse' | 'bidirectional';

/** An activation of the operator; alpha and beta are null of one that has none, or is not given any. */
export interface OnnxActivation {
  name: string;
  alpha: number | null;
  beta: number | null;
}

/** The activations of a direction: σ of i, f and o, φ of the candidate g, and φ of the cell state. */
export interface OnnxActivations {
  f: OnnxActivation;
  g: OnnxActivation;
  h: OnnxActivation;
}

/**
 * What the operator takes alpha and beta to be where they are not given; what does not have them is not listed. Of those with
 * null the runtimes do not agree.
 */
const DEFAULTS: Readonly<Record<string, { alpha: number | null; beta?: number | null }>> = {
  Affine: { alpha: null, beta: null },
  Elu: { alpha: 1 },
  HardSigmoid: { alpha: 0.2, beta: 0.5 },
  LeakyRelu: { alpha: 0.01 },
  ScaledTanh: { alpha: null, beta: null },
  ThresholdedRelu: { alpha: null },
};

const NAMES = ['Relu', 'Sigmoid', 'Softplus', 'Softsign', 'Tanh', ...Object.keys(DEFAULTS)];

/** An activation as ONNX spells it, which runtimes do not insist on; undefined for one that it does not have. */
export function activationName(spelt: string): string | undefined {
  return NAMES.find((name) => name.toLowerCase() === spelt.toLowerCase());
}

/** Takes from the lists of alphas and betas what an activation has: each takes its own, in order. */
export function takeActivation(name: string, alphas: number[], betas: number[]): OnnxActivation {
  const defaults = DEFAULTS[name];
  if (defaults === undefined) return { name, alpha: null, beta: null };
  const alpha = alphas.shift() ?? defaults.alpha;
  return { name, alpha, beta: defaults.beta === undefined ? null : (betas.shift() ?? defaults.beta) };
}

/** An activation of this package, of scale · z + shift. */
export interface ActivationOfSum {
  activation: string;
  scale: number;
  shift: number;
}

const PLAIN: Readonly<Record<string, string>> = {
  Relu: 'relu',
  Sigmoid: 'sigmoid',
  Softplus: 'softplus',
  Softsign: 'softsign',
  Tanh: 'tanh',
};

/** A sixth, as a float32. */
const SIXTH = Math.fround(1 / 6);
/** The slope of the built-in hard sigmoid, as a float32. */
const FIFTH = Math.fround(0.2);

/** What computes an activation here; null where nothing does. */
export function activationOfSum({ name, alpha, beta }: OnnxActivation): ActivationOfSum | null {
  const plain = (activation: string) => ({ activation, scale: 1, shift: 0 });
  const known = PLAIN[name];
  if (known !== undefined) return plain(known);
  if (name === 'HardSigmoid' && alpha !== null && beta !== null) {
    if (beta === 0.5 && Math.fround(alpha) === FIFTH) return plain('hardSigmoid');
    if (beta === 0.5 && Math.fround(alpha) === SIXTH) return plain('hardSigmoidKeras3');
    // α·z + β = 0.2 (5α·z + 5 (β - 0.5)) + 0.5
    return { activation: 'hardSigmoid', scale: 5 * alpha, shift: 5 * (beta - 0.5) };
  }
  if (name === 'Affine' && alpha !== null && beta !== null) return { activation: 'linear', scale: alpha, shift: beta };
  if (name === 'ScaledTanh' && alpha === 1 && beta !== null) return { activation: 'tanh', scale: beta, shift: 0 };
  if (name === 'Elu' && alpha === 1) return plain('elu');
  if ((name === 'LeakyRelu' || name === 'ThresholdedRelu') && alpha === 0) return plain('relu');
  if (name === 'LeakyRelu' && alpha === 1) return plain('linear');
  return null;
}

/** ONNX's activation for one of this package; undefined where it has none. */
export function onnxActivation(activation: string): OnnxActivation | undefined {
  const without = { alpha: null, beta: null };
  const plain = Object.keys(PLAIN).find((name) => PLAIN[name] === activation);
  if (plain !== undefined) return { name: plain, ...without };
  if (activation === 'hardSigmoid') return { name: 'HardSigmoid', alpha: 0.2, beta: 0.5 };
  if (activation === 'hardSigmoidKeras3') return { name: 'HardSigmoid', alpha: 1 / 6, beta: 0.5 };
  if (activation === 'linear') return { name: 'Affine', alpha: 1, beta: 0 };
  if (activation === 'elu') return { name: 'Elu', alpha: 1, beta: null };
  return undefined;
}

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { ActivationName } from '../../../src/core/activations.js';
import type { RecordedInputs } from '../../../src/fused/fused-kernel.js';
import { randomNumbers } from '../../../tools/random-numbers.js';

/** Everything that a kernel computes from, but for the numbers, which depend on the seed. */
export interface Problem {
  batch: number;
  timesteps: number;
  features: number;
  units: number;
  seed: number;
  activation: ActivationName;
  recurrentActivation: ActivationName;
  useBias: boolean;
  mask: 'none' | 'right padded' | 'left padded' | 'with holes' | 'all masked' | 'nothing masked';
  goBackwards: boolean;
  zeroOutputForMask: boolean;
  /** Dropout masks: none, one for all gates, or four. */
  inputMasks: 0 | 1 | 4;
  recurrentMasks: 0 | 1 | 4;
  hasInitialStates: boolean;
  keepOutputs: boolean;
  keepGates: boolean;
}

export const PLAIN_PROBLEM: Problem = {
  batch: 3,
  timesteps: 5,
  features: 4,
  units: 6,
  seed: 1,
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  useBias: true,
  mask: 'none',
  goBackwards: false,
  zeroOutputForMask: false,
  inputMasks: 0,
  recurrentMasks: 0,
  hasInitialStates: true,
  keepOutputs: true,
  keepGates: true,
};

/** Problems of 1 to `largest` in each dimension. */
export function problems(largest: number): fc.Arbitrary<Problem> {
  const size = fc.oneof(fc.integer({ min: 1, max: Math.min(5, largest) }), fc.integer({ min: 1, max: largest }));
  return fc.record({
    batch: size,
    timesteps: size,
    features: size,
    units: size,
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
    activation: fc.constant('tanh'),
    recurrentActivation: fc.constantFrom('sigmoid', 'hardSigmoid'),
    useBias: fc.boolean(),
    mask: fc.constantFrom('none', 'right padded', 'left padded', 'with holes', 'all masked', 'nothing masked'),
    goBackwards: fc.boolean(),
    zeroOutputForMask: fc.boolean(),
    inputMasks: fc.constantFrom(0, 1, 4),
    recurrentMasks: fc.constantFrom(0, 1, 4),
    hasInitialStates: fc.boolean(),
    keepOutputs: fc.boolean(),
    keepGates: fc.boolean(),
  }) as fc.Arbitrary<Problem>;
}

/** A problem's numbers, as float32: what float64 and the kernels alike start from. */
export interface ProblemData {
  x: Float32Array;
  h0: Float32Array;
  c0: Float32Array;
  kernel: Float32Array;
  recurrentKernel: Float32Array;
  bias: Float32Array | null;
  /** [B, T], by the input's timestep; 0 is masked. */
  mask: Uint8Array | null;
  inputMasks: Float32Array[];
  recurrentMasks: Float32Array[];
}

/** Weights are as small as an initialiser makes them: with larger ones, an LSTM amplifies rounding errors over time. */
export function dataOf(problem: Problem): ProblemData {
  const { batch, timesteps, features, units, seed } = problem;
  const next = randomNumbers(seed);
  const array = (size: number, largest: number) =>
    Float32Array.from({ length: size }, () => largest * (2 * next() - 1));
  const dropoutMasks = (count: number, size: number) =>
    Array.from({ length: count }, () => Float32Array.from({ length: size }, () => (next() < 0.3 ? 0 : 1.25 + next())));
  const states = problem.hasInitialStates ? 1 : 0;
  return {
    x: array(batch * timesteps * features, 1.5),
    h0: array(batch * units, states),
    c0: array(batch * units, 2 * states),
    kernel: array(features * 4 * units, 2 / Math.sqrt(features)),
    recurrentKernel: array(units * 4 * units, 1 / Math.sqrt(units)),
    bias: problem.useBias ? array(4 * units, 1) : null,
    mask: problem.mask === 'none' ? null : maskOf(problem, next),
    inputMasks: dropoutMasks(problem.inputMasks, batch * features),
    recurrentMasks: dropoutMasks(problem.recurrentMasks, batch * units),
  };
}

/** What a fused kernel is given for a problem, as tensors. */
export function recordedInputsOf(problem: Problem): RecordedInputs {
  const { batch, timesteps, features, units } = problem;
  const { x, h0, c0, kernel, recurrentKernel, bias, mask, inputMasks, recurrentMasks } = dataOf(problem);
  return {
    x: tf.tensor3d(x, [batch, timesteps, features]),
    h0: tf.tensor2d(h0, [batch, units]),
    c0: tf.tensor2d(c0, [batch, units]),
    kernel: tf.tensor2d(kernel, [features, 4 * units]),
    recurrentKernel: tf.tensor2d(recurrentKernel, [units, 4 * units]),
    bias: bias && tf.tensor1d(bias),
    mask: mask && tf.tensor2d(mask, [batch, timesteps], 'bool'),
    inputDropoutMasks: inputMasks.map((one) => tf.tensor2d(one, [batch, features])),
    recurrentDropoutMasks: recurrentMasks.map((one) => tf.tensor2d(one, [batch, units])),
  };
}

function maskOf({ batch, timesteps, mask }: Problem, next: () => number): Uint8Array {
  const rows = Array.from({ length: batch }, () => {
    const valid = Math.ceil(next() * timesteps);
    return Array.from({ length: timesteps }, (_, t) => {
      if (mask === 'right padded') return t < valid;
      if (mask === 'left padded') return t >= timesteps - valid;
      return mask === 'with holes' ? next() < 0.6 : mask === 'nothing masked';
    });
  });
  return Uint8Array.from(rows.flat(), Number);
}

/** What can be returned, and so carry a gradient. */
export const RESULT_NAMES = ['lastOutput', 'h', 'c', 'outputs', 'i', 'f', 'g', 'o', 'cells'] as const;
export type ResultName = (typeof RESULT_NAMES)[number];

/** What is returned, each with the gradient that reaches it from outside. */
export type Cotangents = Partial<Record<ResultName, Float32Array>>;

export function resultNamesOf({ keepOutputs, keepGates }: Problem): ResultName[] {
  return RESULT_NAMES.filter((name, index) => index < 3 || (name === 'outputs' ? keepOutputs : keepGates));
}

export function cotangentsOf(problem: Problem, names: readonly ResultName[] = resultNamesOf(problem)): Cotangents {
  const { batch, timesteps, units, seed } = problem;
  const next = randomNumbers(seed + 1);
  const random = (size: number) => Float32Array.from({ length: size }, () => 2 * next() - 1);
  return Object.fromEntries(
    names.map((name) => [name, random(batch * units * (RESULT_NAMES.indexOf(name) < 3 ? 1 : timesteps))]),
  );
}

/** Everything that a run computed, by name. */
export interface Run {
  results: Partial<Record<ResultName, ArrayLike<number>>>;
  gradients: Partial<Record<GradientName, ArrayLike<number>>>;
}

export const GRADIENT_NAMES = ['x', 'h0', 'c0', 'kernel', 'recurrentKernel', 'bias'] as const;
export type GradientName = (typeof GRADIENT_NAMES)[number];

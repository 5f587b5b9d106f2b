import * as tf from '@tensorflow/tfjs';
import { GATE_SEQUENCE_NAMES } from '../../../src/core/scan.js';
import { lstmStep } from '../../../src/core/step.js';
import { weightedSum } from '../../../src/core/weighted-sum.js';
import type { FusedKernel, FusedOptions, FusedResult, RecordedInputs } from '../../../src/fused/fused-kernel.js';
import { runFused } from '../../../src/fused/run-fused.js';
import { scanLSTM } from '../../core/support/scan-lstm.js';
import { randomTensor } from '../../support/random.js';

/** A sequence to run, all of it drawn from a seed. */
export interface Case {
  batch: number;
  timesteps: number;
  features: number;
  units: number;
  useBias: boolean;
  goBackwards: boolean;
  keepOutputs: boolean;
  keepGates: boolean;
  hasDropout: boolean;
  seed: number;
}

/** The weights are scaled so that errors of rounding do not grow from step to step. */
export function inputsOf({ batch, timesteps, features, units, useBias, hasDropout, seed }: Case): RecordedInputs {
  const mask = () => tf.mul(tf.cast(tf.greater(randomTensor([batch, features], seed + 6), -0.5), 'float32'), 1.25);
  return {
    x: randomTensor([batch, timesteps, features], seed),
    h0: randomTensor([batch, units], seed + 1, 0.5),
    c0: randomTensor([batch, units], seed + 2, 0.5),
    kernel: randomTensor([features, 4 * units], seed + 3, features ** -0.5),
    recurrentKernel: randomTensor([units, 4 * units], seed + 4, units ** -0.5),
    bias: useBias ? randomTensor([4 * units], seed + 5, 0.5) : null,
    mask: null,
    inputDropoutMasks: hasDropout ? [mask()] : [],
    recurrentDropoutMasks: [],
  };
}

export function optionsOf({ goBackwards, keepOutputs, keepGates }: Case): FusedOptions {
  const activations = { activation: 'tanh', recurrentActivation: 'sigmoid' };
  return { ...activations, zeroOutputForMask: false, goBackwards, keepOutputs, keepGates };
}

export type Way = (inputs: RecordedInputs, options: FusedOptions) => FusedResult;

export const runOn =
  (kernel: FusedKernel): Way =>
  (inputs, options) =>
    runFused(kernel, inputs, options);

/** The plain reference. */
export const runPlain: Way = ({ x, h0, c0, kernel, recurrentKernel, bias, inputDropoutMasks }, options) => {
  const project = (step: tf.Tensor) => {
    const sum = weightedSum(step as tf.Tensor2D, kernel, inputDropoutMasks);
    return bias === null ? sum : (tf.add(sum, bias) as tf.Tensor2D);
  };
  // tfjs's gradient of unstack throws where there is one output.
  const steps = x.shape[1] === 1 ? [tf.squeeze(x, [1])] : tf.unstack(x, 1);
  const activations = { activation: tf.tanh, recurrentActivation: tf.sigmoid } as Parameters<typeof lstmStep>[2];
  return scanLSTM(
    (projected, [h, c]) => lstmStep(tf.add(projected, tf.matMul(h, recurrentKernel)), c, activations),
    { stepInputs: steps.map(project), h0, c0, mask: null },
    options,
  );
};

/** All tensors of a result, by name. */
export function tensorsOf({ lastOutput, h, c, outputs, gates }: FusedResult): Record<string, tf.Tensor> {
  const kept =
    gates === null ? {} : Object.fromEntries(GATE_SEQUENCE_NAMES.map((name) => [`gates.${name}`, gates[name]]));
  return { lastOutput, h, c, ...(outputs && { outputs }), ...kept };
}

const DIFFERENTIABLE = ['x', 'h0', 'c0', 'kernel', 'recurrentKernel', 'bias'] as const;

/** Gradients of a scalar in which every element of everything returned has a weight of its own, by input. */
export function gradientsOf(way: Way, inputs: RecordedInputs, options: FusedOptions): Record<string, tf.Tensor> {
  const names = DIFFERENTIABLE.filter((name) => inputs[name] !== null);
  const loss = (...given: tf.Tensor[]) => {
    const replaced = Object.fromEntries(names.map((name, n) => [name, given[n]]));
    return weightedTotal(way({ ...inputs, ...replaced }, options));
  };
  const gradients = tf.grads(loss)(names.map((name) => inputs[name] as tf.Tensor));
  return Object.fromEntries(names.map((name, n) => [name, gradients[n] as tf.Tensor]));
}

export function weightedTotal(result: FusedResult): tf.Scalar {
  const terms = Object.values(tensorsOf(result)).map((tensor, n) =>
    tf.sum(tf.mul(tensor, randomTensor(tensor.shape, 900 + n))),
  );
  return tf.addN(terms) as tf.Scalar;
}

/** Asserts that tensors agree, by name, to a tolerance that is relative to the largest value of each, and to 1. */
export function expectAgreement(
  actual: Record<string, tf.Tensor>,
  expected: Record<string, tf.Tensor>,
  tolerance: number,
): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, tensor] of Object.entries(expected)) {
    const received = actual[name] as tf.Tensor;
    expect([name, received.shape]).toEqual([name, tensor.shape]);
    const [values, wanted] = [received.dataSync(), tensor.dataSync()] as [Float32Array, Float32Array];
    const largest = Math.max(1, ...[...wanted].filter(Number.isFinite).map(Math.abs));
    const at = wanted.findIndex(
      (value, n) => !Object.is(values[n], value) && !(Math.abs((values[n] as number) - value) <= tolerance * largest),
    );
    if (at >= 0) throw new Error(`${name}[${at}] is ${values[at]}, expected ${wanted[at]}, the largest ${largest}`);
  }
}

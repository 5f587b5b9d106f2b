import * as tf from '@tensorflow/tfjs';
import { tidy } from '../core/tidy.js';
import type { FusedKernel, FusedOptions, InputGradients, RecordedInputs } from './fused-kernel.js';

const OPTIONS: FusedOptions = {
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  goBackwards: true,
  zeroOutputForMask: false,
  keepOutputs: true,
  keepGates: false,
};

const BATCH = 2;
const TIMESTEPS = 3;
const FEATURES = 3;
const UNITS = 5;

/** No two values are alike. */
function values<R extends tf.Rank>(shape: tf.ShapeMap[R], seed: number): tf.Tensor<R> {
  const size = tf.util.sizeFromShape(shape as number[]);
  return tf.tensor(
    Array.from({ length: size }, (_, n) => Math.sin(seed + 1.7 * n)),
    shape,
  );
}

function problem(): RecordedInputs {
  return {
    x: values<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1),
    h0: values<tf.Rank.R2>([BATCH, UNITS], 2),
    c0: values<tf.Rank.R2>([BATCH, UNITS], 3),
    kernel: values<tf.Rank.R2>([FEATURES, 4 * UNITS], 4),
    recurrentKernel: values<tf.Rank.R2>([UNITS, 4 * UNITS], 5),
    bias: values<tf.Rank.R1>([4 * UNITS], 6),
    mask: tf.tensor2d([1, 0, 1, 1, 1, 0], [BATCH, TIMESTEPS], 'bool'),
    inputDropoutMasks: [],
    recurrentDropoutMasks: [],
  };
}

/** Sums in which each element has a weight of its own; computed in float64 by a loop over the equations and the chain rule. */
const OUTPUTS = 0.7824932;
const GRADIENTS = {
  x: -0.1132846,
  h0: -0.03406073,
  c0: 0.22606455,
  kernel: 1.89672928,
  recurrentKernel: -1.71437898,
  bias: 0.35968488,
} satisfies Partial<Record<keyof InputGradients, number>>;

/** Whether a fused kernel computes and differentiates a tiny problem correctly, on a backend that can be read at once. */
export function isRight(kernel: FusedKernel, tolerance: number): boolean {
  try {
    return tf.tidy(() => results(kernel).every(([tensor, sum]) => isClose(tensor.dataSync(), sum, tolerance)));
  } catch {
    return false;
  }
}

/** The same on a backend that can be read in time only. It is run at once, and not within a tidy of somebody else's. */
export async function isRightInTime(kernel: FusedKernel, tolerance: number): Promise<boolean> {
  let computed: [tf.Tensor, number][] = [];
  try {
    computed = tidy(() => results(kernel));
    // Whoever asked may be within a scope that ends before all of them are read.
    for (const [tensor] of computed) tf.keep(tensor);
    for (const [tensor, sum] of computed) if (!isClose(await tensor.data(), sum, tolerance)) return false;
    return true;
  } catch {
    return false;
  } finally {
    for (const [tensor] of computed) tensor.dispose();
  }
}

/** What is computed, and the weighted sum that it should have. */
function results(kernel: FusedKernel): [tf.Tensor, number][] {
  const inputs = problem();
  const { result, saved } = kernel.forward(inputs, OPTIONS, true);
  const outputs = result.outputs as tf.Tensor3D;
  const incoming = {
    lastOutput: tf.zerosLike(result.lastOutput),
    h: tf.zerosLike(result.h),
    c: values<tf.Rank.R2>([BATCH, UNITS], 7),
    outputs: values<tf.Rank.R3>(outputs.shape, 8),
    gates: null,
  };
  const gradients = kernel.backward(inputs, OPTIONS, saved, incoming);
  const names = Object.keys(GRADIENTS) as (keyof typeof GRADIENTS)[];
  return [[outputs, OUTPUTS], ...names.map((name): [tf.Tensor, number] => [gradients[name](), GRADIENTS[name]])];
}

function isClose(values: ArrayLike<number>, expected: number, tolerance: number): boolean {
  let sum = 0;
  for (let n = 0; n < values.length; n++) sum += (values[n] as number) * Math.cos(n + 1);
  return Math.abs(sum - expected) < tolerance;
}

import * as tf from '@tensorflow/tfjs';
import type { FusedKernel, FusedOptions, RecordedInputs } from '../fused-kernel.js';

const TOLERANCE = 1e-5;

const OPTIONS = {
  activation: 'tanh',
  goBackwards: false,
  zeroOutputForMask: false,
  keepOutputs: false,
  keepGates: false,
};

/** B = D = U = 1 and T = 2, with no two values alike. */
function problem(): RecordedInputs {
  return {
    x: tf.tensor3d([[[0.9], [-0.4]]]),
    h0: tf.tensor2d([[0.3]]),
    c0: tf.tensor2d([[-0.6]]),
    kernel: tf.tensor2d([[0.5, -0.7, 1.1, 0.2]]),
    recurrentKernel: tf.tensor2d([[-0.8, 0.4, 0.6, 1.3]]),
    bias: tf.tensor1d([0.1, 0.9, -0.2, 0.7]),
    mask: null,
    inputDropoutMasks: [],
    recurrentDropoutMasks: [],
  };
}

/** Computed in float64 by a loop over the equations and by differences. */
const EXPECTED = {
  sigmoid: {
    lastOutput: [-0.12759708],
    kernel: [0.13423275, -0.08215118, 0.05393977, 0.01862995],
    recurrentKernel: [0.02822503, -0.02576626, 0.05826017, -0.001908],
    h0: [-0.02906154],
    c0: [0.36129927],
  },
  hardSigmoid: {
    lastOutput: [-0.12628334],
    kernel: [0.10073345, -0.06304967, 0.04060865, 0.017523],
    recurrentKernel: [0.02101463, -0.01930107, 0.05213093, -0.00163569],
    h0: [-0.00833519],
    c0: [0.31800245],
  },
};

/**
 * Whether the fused kernels compute a tiny problem correctly, and differentiate it if gradients are taken.
 *
 * What they rely on is no part of tfjs's interface: another version of it may lack it, or mean something else by it.
 */
export function areRight(
  kernels: readonly FusedKernel[],
  recurrentActivation: keyof typeof EXPECTED,
  takesGradients: boolean,
): boolean {
  try {
    return tf.tidy(() => kernels.every((kernel) => isRight(kernel, recurrentActivation, takesGradients)));
  } catch {
    return false;
  }
}

function isRight(kernel: FusedKernel, recurrentActivation: keyof typeof EXPECTED, takesGradients: boolean): boolean {
  const inputs = problem();
  const options: FusedOptions = { ...OPTIONS, recurrentActivation };
  const { lastOutput: expectedOutput, ...expected } = EXPECTED[recurrentActivation];
  const { result, saved } = kernel.forward(inputs, options, true);
  const { result: inferred } = kernel.forward(inputs, options, false);
  const { lastOutput, h, c } = result;
  if (!isClose(lastOutput, expectedOutput) || !isClose(inferred.lastOutput, expectedOutput)) return false;
  if (!takesGradients) return true;
  const incoming = { lastOutput: tf.onesLike(lastOutput), h: tf.zerosLike(h), c: tf.zerosLike(c) };
  const gradients = kernel.backward(inputs, options, saved, { ...incoming, outputs: null, gates: null });
  const names = Object.keys(expected) as (keyof typeof expected)[];
  return names.every((name) => isClose(gradients[name](), expected[name]));
}

function isClose(tensor: tf.Tensor, expected: readonly number[]): boolean {
  const values = [...tensor.dataSync()];
  return (
    values.length === expected.length &&
    values.every((value, n) => Math.abs(value - (expected[n] as number)) < TOLERANCE)
  );
}

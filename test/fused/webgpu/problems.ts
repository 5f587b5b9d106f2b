import type { Problem } from '../support/problem.js';

/** What the kernel of webgpu is held to float64 in, and how much work a program may do at once. */
export const WEBGPU_PROBLEMS: readonly [problem: Partial<Problem>, mostWork?: number][] = [
  [{ keepGates: false, keepOutputs: false, units: 1, batch: 1, features: 1 }],
  [{ units: 5, mask: 'with holes', goBackwards: true, zeroOutputForMask: true, recurrentActivation: 'hardSigmoid' }],
  [{ mask: 'left padded', inputMasks: 4, recurrentMasks: 4, useBias: false }],
  [{ inputMasks: 1, recurrentMasks: 1, keepGates: false, goBackwards: true }],
  // Several samples in a workgroup, of which the last is not full; in several pieces; several units a thread.
  [{ batch: 18, timesteps: 3, units: 3, mask: 'right padded', zeroOutputForMask: true }],
  [{ timesteps: 7, units: 5, mask: 'with holes', keepGates: false }, 200],
  [{ batch: 1, timesteps: 2, units: 260, features: 1 }],
  // Derivatives by values, and by pre-activations, with gates and without.
  [{ units: 5, activation: 'relu', recurrentActivation: 'softsign', mask: 'with holes' }],
  [{ units: 5, activation: 'mish', recurrentActivation: 'gelu', zeroOutputForMask: true, mask: 'right padded' }],
  [{ units: 3, activation: 'softplus', recurrentActivation: 'swish', keepGates: false }],
];

/** The accuracy of float32 with tfjs's own products. */
export const WEBGPU_ACCURACY = { results: 4e-6, gradients: 1e-5 };

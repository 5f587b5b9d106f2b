import type { FusedProblem } from '../../../src/fused/fused-kernel.js';

/** A small sequence, forward only, of the kind that every fused kernel knows. */
export const FUSED_PROBLEM: FusedProblem = {
  batch: 2,
  timesteps: 5,
  features: 3,
  units: 4,
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  isMasked: false,
  hasRecurrentDropout: false,
  keepsGates: false,
  takesGradients: false,
};

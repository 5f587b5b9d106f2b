import { byQuantity } from '../../../src/core/quantities.js';
import type { GateStatistics } from '../../../src/inspect/index.js';

const VALUES = { mean: 0, std: 1, min: -1, max: 1 };

/** Of three units, each other than the rest. */
export const STATISTICS: GateStatistics = {
  units: 3,
  activation: 'tanh',
  recurrentActivation: 'hardSigmoid',
  validSteps: 40,
  low: 0.1,
  high: 0.9,
  i: {
    mean: 0.4,
    std: 0.1,
    leftSaturated: [0.25, 0, 0.95],
    rightSaturated: [0.5, 0.125, 0],
    zeroGradient: [0.1, 0, 0.9],
  },
  f: { mean: 0.5, std: 0.2, leftSaturated: [0, 0.75, null], rightSaturated: [1, 0.25, null], zeroGradient: [0, 0, 0] },
  o: { mean: 0.6, std: 0.3, leftSaturated: [0.1, 0.2, 0.3], rightSaturated: [0.4, 0.5, 0.6], zeroGradient: [0, 0, 0] },
  g: VALUES,
  c: VALUES,
  h: VALUES,
  nonFinite: byQuantity(() => ({ count: 0, firstTimestep: null })),
  memoryHorizon: [12.3456, 0, null],
};

import { byQuantity } from '../../../src/core/quantities.js';
import { LayerStatistics } from '../../../src/inspect/statistics/layer-statistics.js';

test('Each quantity goes where it belongs: no two of them are mixed up', () => {
  const kind = { units: 1, activation: 'tanh', recurrentActivation: 'hardSigmoid' };
  const statistics = new LayerStatistics(kind, { low: 0.1, high: 0.9 });
  const values = { i: [0.05, 0.5], f: [0.25, 0.25], g: [-1, -3], o: [1, 0.5], c: [2, 4], h: [6, 10] };
  statistics.add({ sequences: byQuantity((quantity) => values[quantity]), mask: null, batch: 1, timesteps: 2 });
  expect(statistics.result()).toEqual({
    ...kind,
    validSteps: 2,
    low: 0.1,
    high: 0.9,
    i: { mean: 0.275, std: 0.225, leftSaturated: [0.5], rightSaturated: [0], zeroGradient: [0] },
    f: { mean: 0.25, std: 0, leftSaturated: [0], rightSaturated: [0], zeroGradient: [0] },
    o: { mean: 0.75, std: 0.25, leftSaturated: [0], rightSaturated: [0.5], zeroGradient: [0.5] },
    g: { mean: -2, std: 1, min: -3, max: -1 },
    c: { mean: 3, std: 1, min: 2, max: 4 },
    h: { mean: 8, std: 2, min: 6, max: 10 },
    nonFinite: byQuantity(() => ({ count: 0, firstTimestep: null })),
    memoryHorizon: [-1 / Math.log(0.25)],
  });
});

test('The valid steps of all batches are counted', () => {
  const statistics = new LayerStatistics(
    { units: 1, activation: 'tanh', recurrentActivation: 'sigmoid' },
    { low: 0.1, high: 0.9 },
  );
  const sequences = byQuantity(() => [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  statistics.add({ sequences, mask: [1, 1, 0, 0, 1, 0], batch: 2, timesteps: 3 });
  statistics.add({ sequences, mask: null, batch: 3, timesteps: 2 });
  expect(statistics.result().validSteps).toBe(9);
});

import { DEFAULT_THRESHOLDS, type GateStatistics } from '../../../src/inspect/index.js';
import { monitoredGates } from '../../../src/inspect/monitor/monitored-gates.js';

const VALUES = { mean: 0.1, std: 0.2, min: -1, max: 1 };

function statistics(
  left: (number | null)[],
  right: (number | null)[],
  memoryHorizon: (number | null)[],
): GateStatistics {
  const gate = { mean: 0.4, std: 0.3, leftSaturated: left, rightSaturated: right, zeroGradient: null };
  return { i: gate, f: gate, o: gate, g: VALUES, c: VALUES, h: VALUES, memoryHorizon } as GateStatistics;
}

const gatesOf = (...given: Parameters<typeof statistics>) => monitoredGates(statistics(...given), DEFAULT_THRESHOLDS);

test('Gates are summed up over their units, whatever their number', () => {
  const { i, g } = gatesOf([1, 0.5, 0, null], [0, 0.5, 0.95, null], [1, 2, 3, 4]);
  expect(i).toEqual({ mean: 0.4, std: 0.3, leftSaturated: 0.5, rightSaturated: 1.45 / 3, stuckUnits: 0.5 });
  expect(g).toEqual(VALUES);
  // A unit is stuck above the fraction of 0.9, at either end.
  expect(gatesOf([0.9, 0.91, 0, 0.2], [0, 0, 0.95, 0.9], [1, 2, 3, 4]).o.stuckUnits).toBe(0.5);
});

test('Gates without a finite value have no saturation', () => {
  expect(gatesOf([null, null], [null, null], [null, null]).f).toMatchObject({
    leftSaturated: null,
    rightSaturated: null,
    stuckUnits: 0,
  });
});

test('The median memory is the lower one, and a unit that never forgets is above all', () => {
  const median = (horizons: (number | null)[]) => gatesOf([0], [0], horizons).medianMemoryHorizon;
  expect(median([5, 1, 30, 4])).toBe(4);
  expect(median([null, 2, null])).toBeNull();
  expect(median([null, 2, 3])).toBe(3);
});

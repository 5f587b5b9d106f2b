import { MemoryHorizon } from '../../../src/inspect/statistics/memory-horizon.js';

function horizonOf(forgetGates: number[]): number | null | undefined {
  const horizon = new MemoryHorizon(1);
  for (const value of forgetGates) horizon.add(value, 0);
  return horizon.result()[0];
}

test('A constant forget gate of e^(-1/τ) has a horizon of τ timesteps', () => {
  expect(horizonOf(new Array(50).fill(Math.exp(-1 / 20)))).toBeCloseTo(20, 10);
});

test('A gate that varies has the horizon of its geometric mean', () => {
  expect(horizonOf([0.25, 0.5, 0.5])).toBeCloseTo(-1 / Math.log((0.25 * 0.5 * 0.5) ** (1 / 3)), 12);
});

test('A cell that was ever emptied remembers nothing', () => {
  expect(horizonOf([1, 0, 1])).toBe(0);
  expect(horizonOf([-0])).toBe(0);
});

test('An infinite horizon and an undefined one are null', () => {
  expect(horizonOf([1, 1])).toBeNull();
  expect(horizonOf([])).toBeNull();
  expect(horizonOf([0.5, -0.5])).toBeNull();
  expect(horizonOf([0, -0.5])).toBeNull();
  expect(horizonOf([2, 3])).toBeNull();
});

test('Each unit has its own horizon', () => {
  const horizon = new MemoryHorizon(3);
  horizon.add(Math.exp(-1), 0);
  horizon.add(Math.exp(-0.5), 2);
  expect(horizon.result()).toEqual([1, null, 2]);
});

test('A gate below the smallest normal float32 is 0, as it is on backends that flush it', () => {
  expect(horizonOf([0.5, 1e-39])).toBe(0);
  expect(horizonOf([0.5, 2 ** -126])).toBeCloseTo(2 / (127 * Math.LN2), 12);
});

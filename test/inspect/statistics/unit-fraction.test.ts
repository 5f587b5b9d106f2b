import { UnitFraction } from '../../../src/inspect/statistics/gate-saturation.js';

test('A fraction is of the values of its own unit', () => {
  const fraction = new UnitFraction(3, (value) => value > 10);
  for (const [unit, values] of [
    [0, [11, 1, 12, 13]],
    [2, [1, 2]],
  ] as const) {
    for (const value of values) fraction.add(value, unit);
  }
  expect(fraction.result()).toEqual([0.75, null, 0]);
});

import { DEFAULT_THRESHOLDS, withDefaults } from '../../../src/inspect/diagnose/thresholds.js';

test('Thresholds are the documented ones where none are given', () => {
  expect(withDefaults()).toEqual({
    low: 0.1,
    high: 0.9,
    stuckFraction: 0.9,
    manyUnits: 0.25,
    shortMemory: 0.1,
    saturatedCandidate: 0.97,
    saturatedCellState: 3,
    constantUnit: 0.001,
    vanishingGradient: 0.001,
    explodingGradient: 1000,
    hardlyReached: 0.01,
    unscaledInput: 5,
    learnt: 0.1,
  });
  expect(withDefaults({ low: 0, constantUnit: 5 })).toEqual({ ...DEFAULT_THRESHOLDS, low: 0, constantUnit: 5 });
  expect(withDefaults({ high: undefined as never })).toEqual(DEFAULT_THRESHOLDS);
});

test('Thresholds that are none are refused', () => {
  expect(() => withDefaults({ low: '0.1' as never })).toThrow(
    /thresholds\.low must be a number of at least 0, got '0\.1'/,
  );
  expect(() => withDefaults({ low: Number.NaN })).toThrow(/thresholds\.low must be a number of at least 0, got NaN/);
  expect(() => withDefaults({ manyUnits: -0.25 })).toThrow(
    /thresholds\.manyUnits must be a number of at least 0, got -0\.25/,
  );
  expect(() => withDefaults(null as never)).toThrow('diagnose: thresholds must be an object, got null');
  expect(() => withDefaults(0.5 as never)).toThrow('diagnose: thresholds must be an object, got 0.5');
  expect(() => withDefaults({ low: 0.5, high: 0.5 })).toThrow(/thresholds\.low must be below high = 0\.5, got 0\.5/);
  expect(() => withDefaults({ lower: 0.5 } as never)).toThrow(/^diagnose: thresholds must be among low, high, /);
});

test.each([
  [{ vanishingGradient: 0 }, 'diagnose: thresholds.vanishingGradient must be between 0 and 1, got 0'],
  [{ vanishingGradient: 1 }, 'diagnose: thresholds.vanishingGradient must be between 0 and 1, got 1'],
  [{ explodingGradient: 1 }, 'diagnose: thresholds.explodingGradient must be above 1, got 1'],
])('Thresholds of gradients must lie on either side of 1: %j', (given, message) => {
  expect(() => withDefaults(given)).toThrow(new RangeError(message));
});

import { byQuantity } from '../../../src/core/quantities.js';
import { countNonFinite, largestOf, reachOf, type Sample, valuesOfUnit } from '../../../src/plot/rows/sample.js';

/** A sample whose cell states are given, [T][U]; every other value is 0.5. */
function sampleOf(c: number[][], masked: number[] = []): Sample {
  const units = c[0]!.length;
  const values = byQuantity(() => c.flat().map(() => 0.5));
  return {
    sample: 0,
    timesteps: c.length,
    units,
    unitIndices: Array.from({ length: units }, (_, unit) => unit),
    valid: c.map((_, t) => !masked.includes(t)),
    values: { ...values, c: c.flat() },
    activation: 'tanh',
    recurrentActivation: 'sigmoid',
  };
}

test("A unit's values are those of its valid steps", () => {
  expect(
    valuesOfUnit(
      sampleOf(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [1],
      ),
      'c',
      1,
    ),
  ).toEqual([2, 6]);
});

test('The largest value is the largest finite one of the units at valid steps', () => {
  const sample = sampleOf(
    [
      [-3, 2],
      [Number.NEGATIVE_INFINITY, Number.NaN],
      [8, 1],
    ],
    [2],
  );
  expect(largestOf(sample, 'c', [0, 1])).toBe(3);
  expect(largestOf(sample, 'c', [1])).toBe(2);
  expect(largestOf(sample, 'c', [])).toBe(0);
  expect(reachOf(sample, 'c').largest).toBe(3);
});

test('Colours reach as far as values do where these are alike', () => {
  expect(reachOf(sampleOf([[1, -2, 3]]), 'c')).toEqual({ largest: 3, shown: 3 });
  expect(reachOf(sampleOf([[0, 0]]), 'c')).toEqual({ largest: 0, shown: 0 });
  expect(reachOf(sampleOf([[7]]), 'c')).toEqual({ largest: 7, shown: 7 });
  expect(reachOf(sampleOf([[7], [2]]), 'c')).toEqual({ largest: 7, shown: 7 });
});

test('One unit that goes far beyond the others does not wash them out', () => {
  expect(
    reachOf(
      sampleOf([
        [1, 50, -2],
        [1, 49, 1],
      ]),
      'c',
    ),
  ).toEqual({ largest: 50, shown: 2 });
  expect(reachOf(sampleOf([[1, 5.01, -2]]), 'c')).toEqual({ largest: 5.01, shown: 2 });
  expect(reachOf(sampleOf([[1, 5, -2]]), 'c')).toEqual({ largest: 5, shown: 5 });
});

test('Nor does one step in twenty', () => {
  const steps = Array.from({ length: 40 }, (_, t) => [1, t < 2 ? 90 : 1, t < 2 ? 80 : 1 + t / 100]);
  expect(reachOf(sampleOf(steps), 'c')).toEqual({ largest: 90, shown: expect.closeTo(1.37, 9) });
});

test('What is not finite is counted at valid steps', () => {
  const sample = sampleOf(
    [
      [Number.NaN, 2],
      [Number.POSITIVE_INFINITY, Number.NaN],
      [8, Number.NaN],
    ],
    [2],
  );
  expect(countNonFinite(sample, ['c'])).toBe(3);
  expect(countNonFinite(sample, ['c'], [1])).toBe(1);
  expect(countNonFinite(sample, ['f', 'h'])).toBe(0);
});

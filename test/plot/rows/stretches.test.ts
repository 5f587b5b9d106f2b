import fc from 'fast-check';
import { binsOf, maskedRuns, stretchText } from '../../../src/plot/rows/stretches.js';

test('Bins cover everything once, in order, and differ by one at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 60 }), (count, limit) => {
      const bins = binsOf(count, limit);
      expect(bins).toHaveLength(Math.min(count, limit));
      expect(bins[0]?.first).toBe(0);
      expect(bins.at(-1)?.last).toBe(count - 1);
      for (const [n, { first }] of bins.entries()) if (n > 0) expect(first).toBe(bins[n - 1]!.last + 1);
      const sizes = bins.map(({ first, last }) => last - first + 1);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
    }),
  );
});

test('Few are left as they are', () => {
  expect(binsOf(3, 10)).toEqual([
    { first: 0, last: 0 },
    { first: 1, last: 1 },
    { first: 2, last: 2 },
  ]);
});

test('Stretches of masked steps are told by their first and last', () => {
  expect(maskedRuns([false, true, false, false, true, true, false])).toEqual([
    { first: 0, last: 0 },
    { first: 2, last: 3 },
    { first: 6, last: 6 },
  ]);
  expect(maskedRuns([true, true])).toEqual([]);
  expect(maskedRuns([false, true, false, true, false, false, false])).toEqual([
    { first: 0, last: 0 },
    { first: 2, last: 2 },
    { first: 4, last: 6 },
  ]);
});

test('A stretch is told by its ends', () => {
  expect(stretchText({ first: 3, last: 3 })).toBe('3');
  expect(stretchText({ first: 3, last: 5 })).toBe('3 to 5');
});

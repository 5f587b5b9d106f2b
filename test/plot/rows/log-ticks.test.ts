import fc from 'fast-check';
import { logTicks } from '../../../src/plot/rows/log-ticks.js';

test('Values are within the domain, and so are all of a few labels', () => {
  const positive = fc.double({ min: 1e-30, max: 1e30, noNaN: true });
  fc.assert(
    fc.property(fc.array(positive, { minLength: 1, maxLength: 20 }), (values) => {
      const { domain, values: ticks } = logTicks(values);
      const [low, high] = domain;
      expect(low).toBeLessThan(Math.min(...values));
      expect(high).toBeGreaterThan(Math.max(...values));
      expect(ticks.length).toBeLessThanOrEqual(9);
      for (const tick of ticks) expect(tick >= low && tick <= high).toBe(true);
    }),
  );
});

test('A narrow range has labels between powers of ten', () => {
  expect(logTicks([2, 12])).toEqual({ domain: [1.8, expect.closeTo(13.2, 9)], values: [2, 5, 10], isShort: true });
});

test('A wide range is labelled in powers of ten', () => {
  expect(logTicks([1e-9, 1])).toMatchObject({ values: [1e-8, 1e-6, 1e-4, 1e-2, 1], isShort: false });
  expect(logTicks([0.002, 9000]).isShort).toBe(true);
  expect(logTicks([0.0002, 1]).isShort).toBe(false);
  expect(logTicks([1, 20_000]).isShort).toBe(false);
});

import fc from 'fast-check';
import { logAxis } from '../../../src/plot/specification/log-axis.js';

test('Values are within the domain, and so are all of a few labels', () => {
  const positive = fc.double({ min: 1e-30, max: 1e30, noNaN: true });
  fc.assert(
    fc.property(fc.array(positive, { minLength: 1, maxLength: 20 }), (values) => {
      const { scale, axis } = logAxis(values);
      const [low, high] = scale.domain as [number, number];
      const ticks = axis.values as number[];
      expect(low).toBeLessThan(Math.min(...values));
      expect(high).toBeGreaterThan(Math.max(...values));
      expect(ticks.length).toBeLessThanOrEqual(9);
      for (const tick of ticks) expect(tick >= low && tick <= high).toBe(true);
    }),
  );
});

test('A narrow range has labels between powers of ten', () => {
  expect(logAxis([2, 12]).axis).toMatchObject({ values: [2, 5, 10], format: '~g' });
});

test('A wide range is labelled in powers of ten', () => {
  expect(logAxis([1e-9, 1]).axis).toMatchObject({ values: [1e-8, 1e-6, 1e-4, 1e-2, 1], format: '~e' });
});

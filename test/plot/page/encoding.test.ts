import fc from 'fast-check';
import { decodeValues, encodeValues } from '../../../src/plot/page/encoding.js';

test('Values come back to a part in 65,000 of their range, and what is not finite as NaN', () => {
  const value = fc.oneof(
    fc.float({ noNaN: true, min: -100, max: 100 }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
  );
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const decoded = [...decodeValues(encodeValues(values))];
      const finite = values.filter(Number.isFinite);
      const range = Math.max(...finite) - Math.min(...finite);
      expect(decoded).toHaveLength(values.length);
      for (const [n, original] of values.entries()) {
        if (!Number.isFinite(original)) expect(decoded[n]).toBeNaN();
        else expect(Math.abs(decoded[n]! - original)).toBeLessThanOrEqual(range / 65_000 + 1e-5);
      }
    }),
  );
});

test('The extremes are themselves, and constants too', () => {
  expect([...decodeValues(encodeValues([-2, 3, 0.5]))]).toEqual([-2, 3, expect.closeTo(0.5, 4)]);
  expect([...decodeValues(encodeValues([7, 7]))]).toEqual([7, 7]);
  expect(encodeValues([1, 2]).data).toHaveLength(8);
});

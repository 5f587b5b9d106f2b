import { NEAR_SMALLEST_NORM, roundingOfSubnormals, SMALLEST_NORM, SMALLEST_NORMAL } from '../../src/core/float32.js';

const digitsOf = (value: number) => Math.log2(value / 2 ** -149);

test('Below the smallest normal number float32 loses digits, and none at it or above', () => {
  const withAllDigits = (value: number) => value * (1 + 2 ** -23);
  for (const value of [SMALLEST_NORMAL, SMALLEST_NORM]) {
    expect(Math.fround(withAllDigits(value))).toBe(withAllDigits(value));
  }
  expect(Math.fround(withAllDigits(SMALLEST_NORMAL / 2))).not.toBe(withAllDigits(SMALLEST_NORMAL / 2));
  expect([SMALLEST_NORMAL, SMALLEST_NORM, NEAR_SMALLEST_NORM].map(digitsOf)).toEqual([23, 29, 49]);
});

test('Each term of a sum of products may be off by four of the smallest normal numbers', () => {
  expect(roundingOfSubnormals(0)).toBe(0);
  expect(roundingOfSubnormals(7)).toBe(28 * SMALLEST_NORMAL);
});

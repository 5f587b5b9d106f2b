import { meanOver, rounded, unitsWhere } from '../../../src/inspect/diagnose/evidence.js';

test('Units are chosen by their values; one without a value never is', () => {
  expect(unitsWhere([3, null, 1, 5], (value) => value > 2)).toEqual([0, 3]);
  expect(unitsWhere([3, null, 1], (value) => value < 2)).toEqual([2]);
});

test('Evidence has four digits', () => {
  expect(rounded(0.123456)).toBe(0.1235);
  expect(rounded(123456)).toBe(123500);
  expect(meanOver([1, 2, 4, 100], [0, 1, 2])).toBe(2.333);
});

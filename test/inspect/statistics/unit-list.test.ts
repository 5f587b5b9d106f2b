import { unitList } from '../../../src/inspect/statistics/unit-list.js';

test.each([
  [[3], 8, 'unit 3'],
  [[0], 1, 'unit 0'],
  [[0, 1], 2, 'all 2 units'],
  [[1, 4], 8, '2 of 8 units: 1, 4'],
  [[0, 1, 2, 5, 7, 8], 9, '6 of 9 units: 0-2, 5, 7-8'],
])('The units %p of %p are written as %s', (units, total, expected) => {
  expect(unitList(units, total)).toBe(expected);
});

test('A long list is cut, but its number is not', () => {
  const odd = Array.from({ length: 13 }, (_, n) => 2 * n + 1);
  expect(unitList(odd.slice(0, 12), 64)).toBe('12 of 64 units: 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23');
  expect(unitList(odd, 64)).toBe('13 of 64 units: 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, …');
});

import { lowerMedian } from '../../../src/inspect/statistics/lower-median.js';

test.each([
  [[], undefined],
  [[3], 3],
  [[10, 9, 2], 9],
  [[10, 1, 9, 2], 2],
])('The lower median of %j is %p', (numbers, expected) => {
  const given = [...numbers];
  expect(lowerMedian(given)).toBe(expected);
  expect(given).toEqual(numbers);
});

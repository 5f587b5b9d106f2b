import {
  amount,
  lowerMedian,
  lstmName,
  medianHorizon,
  memoryWords,
  percent,
  percentLimit,
  shortNumber,
  unitList,
} from '../../src/inspect/words.js';

test.each([
  [[3], 8, 'unit 3'],
  [[0], 1, 'unit 0'],
  [[0, 1], 2, 'all 2 units'],
  [[1, 4], 8, '2 of 8 units: 1, 4'],
  [[0, 1, 2, 5, 7, 8], 9, '6 of 9 units: 0-2, 5, 7-8'],
])('The units %p of %p are written as %s', (units, total, expected) => {
  expect(unitList(units, total)).toBe(expected);
});

test('A long list of units is cut, but its number is not', () => {
  const odd = Array.from({ length: 13 }, (_, n) => 2 * n + 1);
  expect(unitList(odd.slice(0, 12), 64)).toBe('12 of 64 units: 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23');
  expect(unitList(odd, 64)).toBe('13 of 64 units: 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, …');
});

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

test.each([
  [[], undefined],
  [[2, null, 1], 2],
  [[2, null, null, 1], 2],
  [[null, 1, null], null],
])('A unit without a memory horizon never forgets: the median of %j is %p', (horizons, expected) => {
  expect(medianHorizon(horizons)).toBe(expected);
});

test.each([
  [0, '0%'],
  [0.0004, 'under 0.1%'],
  [0.0042, '0.4%'],
  [0.314, '31%'],
  [0.9947, '99.5%'],
  [0.9999, 'over 99.9%'],
  [1, '100%'],
])('The fraction %p is %s', (fraction, expected) => {
  expect(percent(fraction)).toBe(expected);
});

test('A limit keeps its digits', () => {
  expect([0.9, 0.975, 0.07].map(percentLimit)).toEqual(['90%', '97.5%', '7%']);
});

test.each([
  [0, '0'],
  [1234.5678, '1230'],
  [0.0123456, '0.0123'],
  [-0.00012345, '-1.23e-4'],
  [1234567, '1.23e6'],
])('The number %p is written as %s', (value, expected) => {
  expect(shortNumber(value)).toBe(expected);
});

test.each([
  [null, 'remembers the whole sequence'],
  [28, 'remembers the whole sequence'],
  [27.96, 'remembers 28 of 28 steps'],
  [12.34, 'remembers 12.3 of 28 steps'],
  [1, 'remembers 1 of 28 steps'],
  [0.99, 'forgets within a step'],
  [0, 'forgets within a step'],
])('A layer whose median memory horizon is %p of 28 timesteps %s', (median, expected) => {
  expect(memoryWords(median, 28)).toBe(expected);
});

test('One thing is in the singular', () => {
  expect([0, 1, 2].map((count) => amount(count, 'unit'))).toEqual(['0 units', '1 unit', '2 units']);
});

test('An LSTM is named by what tells it from others', () => {
  expect(lstmName({ layerName: 'a', direction: 'forward', cell: 0, call: 0 })).toBe('a');
  expect(lstmName({ layerName: 'a' })).toBe('a');
  expect(lstmName({ layerName: 'a', direction: 'backward', cell: 0, call: 0 })).toBe('a (backward)');
  expect(lstmName({ layerName: 'm/a', direction: 'backward', cell: 1, call: 2 })).toBe(
    'm/a (backward, cell 1, call 2)',
  );
});

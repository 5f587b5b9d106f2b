import { RunningSummary } from '../../../src/inspect/statistics/running-summary.js';

function summaryOf(values: number[]) {
  const summary = new RunningSummary();
  for (const value of values) summary.add(value);
  return summary.result();
}

test('A summary has the mean, the standard deviation of the population, and the extremes', () => {
  expect(summaryOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, std: 2, min: 2, max: 9 });
});

test('A summary of nothing is null, and one of a single number has no spread', () => {
  expect(summaryOf([])).toEqual({ mean: null, std: null, min: null, max: null });
  expect(summaryOf([-3])).toEqual({ mean: -3, std: 0, min: -3, max: -3 });
});

test('A small spread about a large mean keeps its digits', () => {
  const { mean, std } = summaryOf([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]);
  expect(mean).toBe(1e9 + 10);
  expect(std).toBeCloseTo(Math.sqrt(22.5), 12);
});

test('Equal numbers have a spread of exactly 0', () => {
  expect(summaryOf(new Array(1000).fill(0.1)).std).toBe(0);
});

test('An extreme of -0 is shown as 0', () => {
  expect(summaryOf([-0])).toEqual({ mean: 0, std: 0, min: 0, max: 0 });
});

import { spreadOf } from '../../benchmarks/spread.js';

describe('spreadOf', () => {
  it('gives median and quartiles of numbers in any order, as numbers', () => {
    expect(spreadOf([10, 9, 1, 2, 100])).toEqual({ median: 9, low: 2, high: 10 });
  });

  it('interpolates between the two nearest', () => {
    expect(spreadOf([1, 2, 3, 5])).toEqual({ median: 2.5, low: 1.75, high: 3.5 });
  });

  it('of one number is that number', () => {
    expect(spreadOf([7])).toEqual({ median: 7, low: 7, high: 7 });
  });

  it('leaves its argument as it is', () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

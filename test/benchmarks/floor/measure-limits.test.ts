import { limitsOf, measureLimits } from '../../../benchmarks/floor/measure-limits.js';

const rate = (best: number) => ({ best, median: best / 2, low: best / 4, high: best });
const measured = {
  multiplyThenAdd: rate(40),
  fused: rate(60),
  bandwidths: [
    { bytes: 1000, read: rate(100) },
    { bytes: 2000, read: rate(30) },
  ],
};

describe('limitsOf', () => {
  it('takes the best that was measured, a multiply-add for two operations', () => {
    // 40 operations a nanosecond are 20 million multiply-adds a millisecond.
    expect(limitsOf(measured, 'mul+add').arithmetic).toBe(20e6);
    expect(limitsOf(measured, 'FMA').arithmetic).toBe(30e6);
    expect(limitsOf(measured, 'mul+add').bandwidth(2000)).toBe(30e6);
  });

  it('takes two instructions where the engine has no fused one', () => {
    expect(limitsOf({ ...measured, fused: null }, 'FMA').arithmetic).toBe(20e6);
  });

  it('refuses a working set that was not measured', () => {
    expect(() => limitsOf(measured, 'FMA').bandwidth(3000)).toThrow('no bandwidth was measured for 3000 bytes');
  });
});

describe('measureLimits', () => {
  it('divides what was done by the time that it took', () => {
    let clock = 0;
    const now = jest.spyOn(performance, 'now').mockImplementation(() => clock);
    const work = (amount: number, aMillisecond: number) => {
      clock += amount / aMillisecond;
    };
    const probe = {
      arithmetic: 'FMA',
      multiplyThenAdd: (count: number) => work(count, 10e6),
      multiplyAdd: (count: number) => work(count, 20e6),
      read: (bytes: number, passes: number) => work(bytes * passes, 30e6),
    } as const;
    const limits = measureLimits(probe, [1000]);
    now.mockRestore();
    expect(limits.multiplyThenAdd.median).toBeCloseTo(20, 6);
    expect(limits.fused?.best).toBeCloseTo(40, 6);
    expect(limits.bandwidths[0]?.bytes).toBe(1000);
    expect(limits.bandwidths[0]?.read.best).toBeCloseTo(30, 6);
  });
});

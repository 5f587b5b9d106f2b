import { floorTime, floorWork, isBoundByMemory } from '../../../benchmarks/floor/floor.js';

// B, T, D, U all different, so that none can stand in for another.
const shape = { batch: 2, timesteps: 3, features: 5, units: 7 };

describe('floorWork', () => {
  it('counts the multiply-adds of both products and the bytes of the recurrent kernel', () => {
    expect(floorWork(shape)).toEqual({
      inputMultiplyAdds: 2 * 3 * 5 * 28,
      steps: 3,
      multiplyAdds: 2 * 7 * 28,
      bytes: 4 * 7 * 28,
    });
  });
});

describe('floorTime', () => {
  const work = floorWork(shape);

  it('is that of all multiply-adds where reads are fast', () => {
    const limits = { arithmetic: 10, bandwidth: () => 1e9 };
    expect(isBoundByMemory(work, limits)).toBe(false);
    expect(floorTime(work, limits)).toBeCloseTo((2 * 3 * (5 + 7) * 28) / 10, 9);
  });

  it('has each step wait for its reads where they are slow', () => {
    const limits = { arithmetic: 10, bandwidth: () => 2 };
    expect(isBoundByMemory(work, limits)).toBe(true);
    expect(floorTime(work, limits)).toBeCloseTo((2 * 3 * 5 * 28) / 10 + (3 * 4 * 7 * 28) / 2, 9);
  });

  it('asks for the bandwidth of what is read again and again', () => {
    const bandwidth = jest.fn(() => 1);
    floorTime(work, { arithmetic: 1, bandwidth });
    expect(bandwidth).toHaveBeenCalledWith(4 * 7 * 28);
  });
});

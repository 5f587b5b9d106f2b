import { fitExponent } from '../../benchmarks/exponent.js';

const sizes = [50, 100, 200, 400, 800];

describe('fitExponent', () => {
  it.each([0, 0.5, 1, 2, -1])('finds the exponent %d of a power', (exponent) => {
    const points = sizes.map((x) => ({ x, y: 3 * x ** exponent }));
    expect(fitExponent(points)).toBeCloseTo(exponent, 12);
  });

  it('lies below 1 for a linear growth on top of a fixed cost', () => {
    const exponent = fitExponent(sizes.map((x) => ({ x, y: 100 + x })));
    expect(exponent).toBeGreaterThan(0.5);
    expect(exponent).toBeLessThan(1);
  });

  it('minimizes the squares of the differences between logarithms', () => {
    const points = [
      { x: 1, y: 1 },
      { x: Math.E, y: Math.E ** 2 },
      { x: Math.E ** 2, y: Math.E ** 2 },
    ];
    // By hand: logarithms (0, 0), (1, 2), (2, 2); slope 2/2.
    expect(fitExponent(points)).toBeCloseTo(1, 12);
  });
});

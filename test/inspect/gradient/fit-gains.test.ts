import { fitGains } from '../../../src/inspect/gradient/fit-gains.js';

const backwards = (timesteps: number) => Array.from({ length: timesteps }, (_, n) => timesteps - 1 - n);

describe('fitGains', () => {
  test('of a gain that is the same everywhere is its logarithm, and explains everything', () => {
    const { slope, fit } = fitGains(new Array(10).fill(0.5), backwards(10))!;
    expect(slope).toBeCloseTo(-Math.LN2, 12);
    expect(fit.halfLife).toBeCloseTo(1, 12);
    expect(fit.attenuation).toBeCloseTo(0.5 ** 10, 12);
    expect(fit.rSquared).toBeCloseTo(1, 12);
    expect(fit).toMatchObject({ first: 0, last: 9, steps: 10 });
  });

  test('doubles where the gain is 2', () => {
    const { slope, fit } = fitGains([2, 2, 2], backwards(3))!;
    expect(slope).toBeCloseTo(Math.LN2, 12);
    expect([fit.halfLife, fit.attenuation]).toEqual([expect.closeTo(1, 12), expect.closeTo(8, 12)]);
  });

  test('is the least-squares line through the logarithms of what is left', () => {
    // What is left after 0, 1, 2, 3 steps: 1, e, e^3, e^3. The line through 0, 1, 3, 3 has slope 1.1.
    const { slope, fit } = fitGains([1, Math.exp(2), Math.E], backwards(3))!;
    expect(slope).toBeCloseTo(1.1, 12);
    expect(fit.rSquared).toBeCloseTo((1.1 ** 2 * 5) / 6.75, 12);
    expect(fit.attenuation).toBeCloseTo(Math.exp(3), 9);
  });

  test('leaves out steps that no gradient crosses, before the first and in between', () => {
    const { fit } = fitGains([0.5, null, 0.5, 0.5, null, null], backwards(6))!;
    expect(fit).toMatchObject({ first: 0, last: 3, steps: 3, attenuation: expect.closeTo(0.125, 12) });
  });

  test('ends where the gradient is exactly 0, after which nothing is left', () => {
    const { slope, fit } = fitGains([0.5, 0, 0.5, 0.5], backwards(4))!;
    expect(slope).toBeCloseTo(-Math.LN2, 12);
    expect(fit).toMatchObject({ first: 2, last: 3, steps: 2, attenuation: 0 });
  });

  test('follows the order in which the steps were crossed', () => {
    expect(fitGains([0.5, 0.5, 0.5], [0, 1, 2])!.fit).toMatchObject({ first: 2, last: 0, steps: 3 });
  });

  test('of one step is that step, with no share explained', () => {
    const { slope, fit } = fitGains([0.25], [0])!;
    expect(slope).toBeCloseTo(Math.log(0.25), 12);
    expect(fit.rSquared).toBeNull();
  });

  test('has no half-life and no share explained where the gradient keeps its size', () => {
    const { slope, fit } = fitGains([1, 1, 1], backwards(3))!;
    expect([slope, fit.halfLife, fit.rSquared, fit.attenuation]).toEqual([0, null, null, 1]);
  });

  test('is null without a gradient, and where it dies at the first step', () => {
    expect(fitGains([null, null], backwards(2))).toBeNull();
    expect(fitGains([0.5, 0], backwards(2))).toBeNull();
  });
});

import { fitGains as fitOf, gainsOf } from '../../../src/inspect/gradient/fit-gains.js';

const fitGains = (gain: (number | null)[], order: number[]) =>
  fitOf({ gain, retained: [], belowFloat32: false }, order);

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

/** The sizes of a gradient that starts at the last step and is multiplied by a factor at each one. */
function crossingsOf(sizes: number[]) {
  return sizes.slice(1).map((after, t) => ({ after, before: sizes[t] as number }));
}

describe('gainsOf', () => {
  test('are ratios of sizes, and what is retained is their product', () => {
    const gains = gainsOf(crossingsOf([1, 4, 2, 8]), backwards(3));
    expect(gains).toEqual({ gain: [0.25, 2, 0.25], retained: [0.5, 0.25, 1], belowFloat32: false });
  });

  test.each([
    ['stays at a subnormal', 1.4e-45],
    ['is flushed to 0', 0],
  ])('end where float32 does, whether what is smaller %s or not', (_, beyond) => {
    const sizes = Array.from({ length: 200 }, (_, n) => 0.5 ** (199 - n)).map((size) => (size < 1e-38 ? beyond : size));
    const gains = gainsOf(crossingsOf(sizes), backwards(199));
    const { slope, fit } = fitOf(gains, backwards(199))!;
    expect(slope).toBeCloseTo(-Math.LN2, 12);
    expect(fit).toMatchObject({ belowFloat32: true, steps: 120, attenuation: expect.closeTo(2 ** -120, 45) });
    expect(gains.gain.filter((gain) => gain !== null)).toHaveLength(120);
    expect(gains.retained.filter((left) => left !== null)).toHaveLength(121);
  });

  test('of a gradient that starts small end sooner, at the same slope', () => {
    const sizes = Array.from({ length: 100 }, (_, n) => 1e-30 * 0.5 ** (99 - n)).map((v) => (v < 1e-38 ? 1.4e-45 : v));
    const { slope, fit } = fitOf(gainsOf(crossingsOf(sizes), backwards(99)), backwards(99))!;
    expect(slope).toBeCloseTo(-Math.LN2, 12);
    expect(fit).toMatchObject({ belowFloat32: true, steps: 20 });
  });

  test('of a gradient that a step cuts off are exactly 0 there, however long the way', () => {
    const gains = gainsOf(crossingsOf([0, 0, 0.25, 0.5]), backwards(3));
    expect(gains).toEqual({ gain: [null, 0, 0.5], retained: [null, 0.5, 1], belowFloat32: false });
  });

  test('pass over steps that no gradient reaches', () => {
    const [a, b] = [
      { after: 4, before: 2 },
      { after: 2, before: 1 },
    ];
    const gains = gainsOf([b!, { after: null, before: null }, a!, { after: 0, before: 0 }], backwards(4));
    expect(gains).toEqual({ gain: [0.5, null, 0.5, null], retained: [0.5, null, 1, null], belowFloat32: false });
  });

  test('of a gradient that grows up to the largest float32 are what they are', () => {
    const gains = gainsOf(crossingsOf([3e38, 1e30, 1e3]), backwards(2));
    expect(gains.gain).toEqual([3e8, 1e27]);
  });
});

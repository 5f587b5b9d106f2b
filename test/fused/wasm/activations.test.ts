import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { dataOf, PLAIN_PROBLEM, type Problem } from '../support/problem.js';
import { allowRelaxedSimd } from '../support/relaxed-simd.js';
import { inferenceRun, tensorRun } from '../support/tensor-run.js';

beforeAll(async () => {
  allowRelaxedSimd();
  await useBackend('wasm');
});

/** One step of one unit a sample, whose pre-activations are all the sample's only feature. */
function problemOf(values: readonly number[], recurrentActivation: Problem['recurrentActivation']) {
  const sizes = { batch: values.length, timesteps: 1, features: 1, units: 1 };
  const problem = { ...PLAIN_PROBLEM, ...sizes, recurrentActivation, useBias: false, hasInitialStates: false };
  const [kernel, recurrentKernel] = [Float32Array.of(1, 1, 1, 1), new Float32Array(4)];
  return { problem, data: { ...dataOf(problem), x: Float32Array.from(values), kernel, recurrentKernel } };
}

const largestOf = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The whole range, densely where the functions bend, and every order of magnitude down to the least. */
function wholeRange(): number[] {
  const linear = Array.from({ length: 60001 }, (_, n) => (n - 30000) / 250);
  const magnitudes = Array.from({ length: 8000 }, (_, n) => 2 ** (-149 + (n * 153) / 8000));
  const large = [1e3, 1e10, 3.4e38];
  return [...linear, ...magnitudes, ...magnitudes.map((x) => -x), ...large, ...large.map((x) => -x)].map(Math.fround);
}

describe.each(['simd', 'relaxed-simd'] as const)('In the build %s', (build) => {
  const kernel = new WasmKernel(build);
  const gatesOf = (values: readonly number[], recurrentActivation: Problem['recurrentActivation'] = 'sigmoid') => {
    const { problem, data } = problemOf(values, recurrentActivation);
    return inferenceRun(kernel, problem, data) as Record<'i' | 'f' | 'g' | 'o' | 'h', Float32Array>;
  };

  test('the sigmoid is within 9e-8 of the true one, and within [0, 1]', () => {
    const values = wholeRange();
    const { i, f, o } = gatesOf(values);
    const error = largestOf(values.map((x, n) => Math.abs((i[n] as number) - sigmoid(x))));
    expect(error).toBeLessThan(9e-8);
    expect(i.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect([f, o]).toEqual([i, i]);
  });

  test('tanh is within 3.4e-7 of the true one, relative to it, and within [-1, 1]', () => {
    const values = wholeRange().filter((x) => Math.abs(x) > 2 ** -120);
    const { g } = gatesOf(values);
    const errors = values.map((x, n) => Math.abs((g[n] as number) - Math.tanh(x)) / Math.abs(Math.tanh(x)));
    expect(largestOf(errors)).toBeLessThan(3.4e-7);
    expect(g.every((value) => Math.abs(value) <= 1)).toBe(true);
  });

  test('tanh of next to nothing is next to nothing', () => {
    const values = wholeRange().filter((x) => Math.abs(x) <= 2 ** -120);
    const { g } = gatesOf(values);
    expect(values.every((x, n) => Math.abs((g[n] as number) - x) <= 2 ** -143)).toBe(true);
  });

  test('all saturate exactly, at infinity too, and keep NaN', () => {
    const { i, g, h } = gatesOf([Infinity, -Infinity, 1e30, -1e30, Number.NaN, 0]);
    expect([...i]).toEqual([1, 0, 1, 0, Number.NaN, 0.5]);
    expect([...g]).toEqual([1, -1, 1, -1, Number.NaN, 0]);
    expect(h[4]).toBeNaN();
    const hard = gatesOf([Infinity, -Infinity, 1e30, -1e30, Number.NaN, 0], 'hardSigmoid');
    expect([...hard.i]).toEqual([1, 0, 1, 0, Number.NaN, 0.5]);
  });

  test("the hard sigmoid, and its gradient at and around the clips, are exactly the reference's", () => {
    const steps = Array.from({ length: 41 }, (_, n) => (n - 20) * 2 ** -22);
    const values = [-2.5, 2.5].flatMap((clip) => steps.map((step) => clip + step));
    const { problem, data } = problemOf([...values, -3, 3, -1, 1, 0], 'hardSigmoid');
    const ones = new Float32Array(problem.batch).fill(1);
    const [run, expected] = [kernel, null].map((one) => tensorRun(one, problem, { i: ones, f: ones, o: ones }, data));
    expect(run?.results).toEqual(expected?.results);
    expect(run?.gradients.x).toEqual(expected?.gradients.x);
    expect(new Set(run?.gradients.x as Float32Array)).toEqual(new Set([0, Math.fround(3 * Math.fround(0.2))]));
  });
});

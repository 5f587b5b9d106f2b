import { ACTIVATIONS, type ActivationName } from '../../../src/core/activations.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { expectAgreement } from '../support/agreement.js';
import { float64Run } from '../support/float64-run.js';
import { cotangentsOf, dataOf, PLAIN_PROBLEM, type Problem } from '../support/problem.js';
import { allowRelaxedSimd } from '../support/relaxed-simd.js';
import { tensorRun } from '../support/tensor-run.js';

const NAMES = Object.keys(ACTIVATIONS) as ActivationName[];
const MASKS = ['none', 'right padded', 'with holes'] as const;

/** What grows from step to step amplifies rounding as well. */
const ACCURACY = { results: 1e-5, gradients: 1e-4 };

beforeAll(allowRelaxedSimd);

/** Every φ with every σ; masks, dropout, directions and sizes change along. */
function problemsOfAllPairs(): Problem[] {
  return NAMES.flatMap((activation, row) =>
    NAMES.map((recurrentActivation, column) => {
      const n = row * NAMES.length + column;
      const masks = ([0, 1, 4] as const)[(row + column) % 3] as 0 | 1 | 4;
      return {
        ...PLAIN_PROBLEM,
        batch: 1 + (n % 3),
        timesteps: 1 + (n % 4),
        features: 3,
        units: 3 + (n % 7),
        seed: n + 1,
        activation,
        recurrentActivation,
        mask: MASKS[(row + 2 * column) % 3] as Problem['mask'],
        goBackwards: n % 2 === 0,
        zeroOutputForMask: row % 2 === 0,
        inputMasks: masks,
        recurrentMasks: masks,
        keepGates: column % 3 !== 0,
        keepOutputs: column % 3 !== 1,
      };
    }),
  );
}

describe.each([
  ['wasm', 'simd'],
  ['wasm', 'relaxed-simd'],
  ['cpu', 'simd'],
] as const)('On %s, the build %s', (backend, build) => {
  beforeAll(() => useBackend(backend));
  const kernel = new WasmKernel(build);

  test('computes what float64 does, forward and backward, with any φ and any σ', () => {
    for (const problem of problemsOfAllPairs()) {
      // The same on cpu, but for copies.
      if (backend === 'cpu' && problem.seed % 7 !== 0) continue;
      try {
        expectAgreement(kernel, problem, ACCURACY);
      } catch (error) {
        throw new Error(`${problem.activation}, ${problem.recurrentActivation}: ${error}`);
      }
    }
  });
});

/** One step of one unit a sample, whose pre-activations are all the sample's only feature. */
function problemOf(values: readonly number[], activation: ActivationName, recurrentActivation: ActivationName) {
  const sizes = { batch: values.length, timesteps: 1, features: 1, units: 1 };
  const options = { useBias: false, hasInitialStates: false };
  const problem = { ...PLAIN_PROBLEM, ...sizes, ...options, activation, recurrentActivation };
  const [kernel, recurrentKernel] = [Float32Array.of(1, 1, 1, 1), new Float32Array(4)];
  return { problem, data: { ...dataOf(problem), x: Float32Array.from(values), kernel, recurrentKernel } };
}

/** The whole range, with every order of magnitude down to the least, and all kinks and what is beside them. */
function wholeRange(): number[] {
  const linear = Array.from({ length: 8001 }, (_, n) => (n - 4000) / 100);
  const magnitudes = Array.from({ length: 600 }, (_, n) => 2 ** (-149 + n / 4));
  const kinks = [-3, -2.5, 0, 2.5, 3, 6].flatMap((kink) => [-1, 0, 1].map((n) => kink + n * 2 ** -20));
  const large = [100, 1e4, 1e10];
  return [...linear, ...magnitudes, ...magnitudes.map((x) => -x), ...kinks, ...large, ...large.map((x) => -x)].map(
    Math.fround,
  );
}

describe.each(['simd', 'relaxed-simd'] as const)('In the build %s', (build) => {
  beforeAll(() => useBackend('wasm'));
  const kernel = new WasmKernel(build);
  const values = wholeRange();

  test.each(NAMES)('%s, and its derivative, are right everywhere, at kinks as in tfjs', (name) => {
    const { value, slope } = ACTIVATIONS[name];
    const { problem, data } = problemOf(values, name, name);
    const ones = new Float32Array(values.length).fill(1);
    // The gradient of x is that of i alone, or of g alone.
    for (const gate of ['i', 'g'] as const) {
      const { results, gradients } = tensorRun(kernel, problem, { [gate]: ones }, data);
      const [computed, slopes] = [results[gate] as Float32Array, gradients.x as Float32Array];
      const wrong = values.filter((x, n) => {
        const scale = Math.max(1, Math.abs(value(x)));
        const isRight = Math.abs((computed[n] as number) - value(x)) < 5e-7 * scale;
        // Between two float32 numbers, the line of a hard sigmoid is at its end.
        const isAtEnd = name.startsWith('hard') && Math.abs(value(x) - Math.round(value(x))) < 1e-7;
        return !isRight || !(isAtEnd || Math.abs((slopes[n] as number) - slope(x)) < 2e-6);
      });
      expect(wrong).toEqual([]);
    }
  });

  test.each([
    ['relu', 'hardSigmoidKeras3'],
    ['relu6', 'softsign'],
    ['mish', 'linear'],
    ['selu', 'gelu'],
  ] as const)('with %s and %s, NaN goes where it goes in float64', (activation, recurrentActivation) => {
    const problem = { ...PLAIN_PROBLEM, features: 9, units: 13, activation, recurrentActivation };
    const cotangents = cotangentsOf(problem);
    const isNaNIn = (part: object) =>
      Object.entries(part).map(([name, numbers]) => [name, Array.from(numbers as Float32Array, Number.isNaN)]);
    for (const place of ['x', 'h0', 'c0', 'kernel', 'recurrentKernel', 'bias'] as const) {
      const data = dataOf(problem);
      const array = (data[place] as Float32Array).slice();
      array[17 % array.length] = Number.NaN;
      const expected = float64Run(problem, cotangents, { ...data, [place]: array });
      const run = tensorRun(kernel, problem, cotangents, { ...data, [place]: array });
      expect([place, isNaNIn(run.results)]).toEqual([place, isNaNIn(expected.results)]);
      expect([place, isNaNIn(run.gradients)]).toEqual([place, isNaNIn(expected.gradients)]);
    }
  });
});

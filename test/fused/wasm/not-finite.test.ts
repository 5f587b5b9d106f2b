import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { float64Run } from '../support/float64-run.js';
import { cotangentsOf, dataOf, PLAIN_PROBLEM, type Problem, type Run } from '../support/problem.js';
import { expectRunsClose, relativeError } from '../support/relative-error.js';
import { allowRelaxedSimd } from '../support/relaxed-simd.js';
import { tensorRun } from '../support/tensor-run.js';

beforeAll(async () => {
  allowRelaxedSimd();
  await useBackend('wasm');
});

const PLACES = ['x', 'h0', 'c0', 'kernel', 'recurrentKernel', 'bias'] as const;
const RECURRENT_ACTIVATIONS = ['sigmoid', 'hardSigmoid'] as const;

/** What is NaN or infinite of a run; the rest as 0. */
function notFinite(run: Run): Run {
  const keep = (part: object) =>
    Object.fromEntries(
      Object.entries(part).map(([name, values]) => [
        name,
        Array.from(values, (value: number) => (Number.isFinite(value) ? 0 : value)),
      ]),
    );
  return { results: keep(run.results), gradients: keep(run.gradients) };
}

/** A problem with one number of one of its arrays replaced. */
function withValue(problem: Problem, place: (typeof PLACES)[number], index: number, value: number) {
  const data = dataOf(problem);
  const array = (data[place] as Float32Array).slice();
  array[index % array.length] = value;
  return { ...data, [place]: array };
}

describe.each(['simd', 'relaxed-simd'] as const)('In the build %s', (build) => {
  const kernel = new WasmKernel(build);

  test.each(RECURRENT_ACTIVATIONS)(
    'with %s, what is not finite goes where it goes in float64',
    (recurrentActivation) => {
      for (const batch of [1, 3]) {
        const problem = { ...PLAIN_PROBLEM, batch, features: 9, units: 13, recurrentActivation };
        const cotangents = cotangentsOf(problem);
        for (const place of PLACES) {
          for (const value of [Number.NaN, Infinity, -Infinity]) {
            const data = withValue(problem, place, 17, value);
            const expected = notFinite(float64Run(problem, cotangents, data));
            const received = notFinite(tensorRun(kernel, problem, cotangents, data));
            expect({ place, value, ...received }).toEqual({ place, value, ...expected });
          }
        }
      }
    },
  );

  test.each(RECURRENT_ACTIVATIONS)(
    'with %s, a gradient that is not finite goes where it goes in float64',
    (recurrentActivation) => {
      const problem = { ...PLAIN_PROBLEM, recurrentActivation };
      const cotangents = cotangentsOf(problem);
      for (const [name, gradient] of Object.entries(cotangents)) {
        const replaced = { ...cotangents, [name]: gradient.map((value, n) => (n === 7 ? Number.NaN : value)) };
        const expected = notFinite(float64Run(problem, replaced));
        expect({ name, ...notFinite(tensorRun(kernel, problem, replaced)) }).toEqual({ name, ...expected });
      }
    },
  );

  test('what is at masked steps is never read, forward or backward', () => {
    for (const batch of [1, 3]) {
      for (const inputMasks of [0, 1, 4] as const) {
        const problem = {
          ...PLAIN_PROBLEM,
          batch,
          mask: 'left padded' as const,
          inputMasks,
          recurrentMasks: inputMasks,
        };
        const data = dataOf(problem);
        const masked = (n: number) => data.mask?.[Math.floor(n / problem.features)] === 0;
        expect(data.x.some((_, n) => masked(n))).toBe(true);
        const cotangents = cotangentsOf(problem);
        const [run, expected] = [Number.NaN, 0].map((value) => {
          const x = data.x.map((kept, n) => (masked(n) ? value : kept));
          return tensorRun(kernel, problem, cotangents, { ...data, x });
        });
        expect(run).toEqual(expected);
      }
    }
  });

  test('subnormal numbers count as the next to nothing that they are', () => {
    for (const place of PLACES) {
      const problem = { ...PLAIN_PROBLEM, seed: 3 };
      const cotangents = cotangentsOf(problem);
      const data = {
        ...dataOf(problem),
        [place]: (dataOf(problem)[place] as Float32Array).map((value) => value * 1e-41),
      };
      const accuracy = { results: 1e-6, gradients: 1e-5 };
      expectRunsClose(tensorRun(kernel, problem, cotangents, data), float64Run(problem, cotangents, data), accuracy);
    }
  });

  test('gradients that have faded to next to nothing end as 0', () => {
    // Forget gates near 0: a gradient of the last step fades within a few steps.
    for (const timesteps of [16, 18, 20, 22, 24, 400]) {
      const problem = { ...PLAIN_PROBLEM, timesteps, keepGates: false };
      const data = dataOf(problem);
      const bias = (data.bias as Float32Array).map((value, n) => (n >= 6 && n < 12 ? value - 4 : value));
      const cotangents = cotangentsOf(problem, ['c']);
      const recurrentKernel = new Float32Array(data.recurrentKernel.length);
      const { gradients } = tensorRun(kernel, problem, cotangents, { ...data, bias, recurrentKernel });
      for (const name of ['x', 'c0'] as const) {
        const isSubnormal = (value: number) => value !== 0 && Math.abs(value) < 2 ** -126;
        expect([timesteps, name, Array.from(gradients[name] as Float32Array).filter(isSubnormal)]).toEqual([
          timesteps,
          name,
          [],
        ]);
      }
      if (timesteps === 400) expect((gradients.c0 as Float32Array).every((value) => value === 0)).toBe(true);
      const expected = float64Run(problem, cotangents, { ...data, bias, recurrentKernel });
      expect(relativeError(gradients.x as Float32Array, expected.gradients.x as Float64Array)).toBeLessThan(1e-5);
    }
  });
});

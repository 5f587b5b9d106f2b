import { float64LSTM } from '../support/float64-lstm.js';
import { float64Run } from './support/float64-run.js';
import {
  cotangentsOf,
  dataOf,
  GRADIENT_NAMES,
  PLAIN_PROBLEM,
  type Problem,
  type ProblemData,
} from './support/problem.js';
import { relativeError } from './support/relative-error.js';

const CASES: Partial<Problem>[] = [
  {},
  { mask: 'with holes', zeroOutputForMask: true, goBackwards: true, recurrentActivation: 'hardSigmoid' },
  { inputMasks: 4, recurrentMasks: 1, mask: 'right padded' },
  { inputMasks: 1, recurrentMasks: 4, useBias: false },
];

test.each(CASES)("Float64's gradients are the slopes of its results, with %j", (options) => {
  const problem: Problem = { ...PLAIN_PROBLEM, ...options, batch: 2, timesteps: 3, features: 2, units: 3 };
  const cotangents = cotangentsOf(problem);
  const data = dataOf(problem);
  const lossOf = (changed: ProblemData) => {
    const { results } = float64Run(problem, cotangents, changed);
    let sum = 0;
    for (const [name, cotangent] of Object.entries(cotangents)) {
      const values = results[name as keyof typeof results] as Float64Array;
      sum += values.reduce((total, value, n) => total + value * (cotangent[n] as number), 0);
    }
    return sum;
  };
  const { gradients } = float64Run(problem, cotangents, data);
  for (const name of GRADIENT_NAMES.filter((name) => data[name] !== null)) {
    const values = data[name] as Float32Array;
    const slopes = Array.from(values, (_, n) => {
      const [above, below] = [1e-5, -1e-5].map((step) => {
        const changed = Float64Array.from(values, (value, index) => (index === n ? value + step : value));
        return lossOf({ ...data, [name]: changed } as unknown as ProblemData);
      }) as [number, number];
      return (above - below) / 2e-5;
    });
    expect(relativeError(gradients[name] as Float64Array, slopes)).toBeLessThan(1e-8);
  }
});

test('Float64 without tensors gives the same, written out another way', () => {
  const problem: Problem = { ...PLAIN_PROBLEM, batch: 1, mask: 'with holes', goBackwards: true };
  const { timesteps: T, features: D, units: U } = problem;
  const data = dataOf(problem);
  const { results } = float64Run(problem, cotangentsOf(problem));
  const rows = (values: Float32Array, size: number) =>
    Array.from({ length: values.length / size }, (_, n) => [...values.subarray(n * size, (n + 1) * size)]);
  const [kernel, recurrentKernel] = [rows(data.kernel, 4 * U), rows(data.recurrentKernel, 4 * U)];
  const steps = float64LSTM(
    rows(data.x, D),
    { kernel, recurrentKernel, bias: [...(data.bias as Float32Array)] },
    {
      activation: 'tanh',
      recurrentActivation: 'sigmoid',
      goBackwards: true,
      h0: [...data.h0],
      c0: [...data.c0],
      mask: Array.from(data.mask as Uint8Array, Boolean),
    },
  ).reverse();
  expect(steps).toHaveLength(T);
  const names = { i: 'i', f: 'f', g: 'g', o: 'o', cells: 'c', outputs: 'h' } as const;
  for (const [name, quantity] of Object.entries(names)) {
    const values = results[name as keyof typeof results] as Float64Array;
    expect(
      relativeError(
        values,
        steps.flatMap((step) => step[quantity]),
      ),
    ).toBeLessThan(1e-14);
  }
});

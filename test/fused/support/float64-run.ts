import { ACTIVATIONS, type ActivationName } from '../../../src/core/activations.js';
import { type Differentiable, Tape, type Vector } from '../../support/float64-tape.js';
import {
  type Cotangents,
  dataOf,
  type Problem,
  type ProblemData,
  RESULT_NAMES,
  type ResultName,
  type Run,
} from './problem.js';

/** Where a derivative jumps. */
const KINKS: Partial<Record<ActivationName, readonly number[]>> = {
  hardSigmoid: [-2.5, 2.5],
  hardSigmoidKeras3: [-3, 3],
  relu: [0],
  relu6: [0, 6],
  selu: [0],
};

function differentiable(name: ActivationName): Differentiable {
  const { value, slope } = ACTIVATIONS[name];
  return (x) => ({ value: value(x), derivative: slope(x) });
}

export interface Float64Run extends Run {
  /** How near anything came to where its activation's derivative jumps. */
  distanceFromKink: number;
}

/** The six equations over a whole problem, one sample after the other, in float64; its gradients by the chain rule. */
export function float64Run(problem: Problem, cotangents: Cotangents, data = dataOf(problem)): Float64Run {
  const tape = new Tape();
  const weights = { kernel: tape.variable(data.kernel), recurrentKernel: tape.variable(data.recurrentKernel) };
  const bias = tape.variable(data.bias ?? new Float64Array(4 * problem.units));
  const samples = Array.from({ length: problem.batch }, (_, sample) =>
    runSample(tape, problem, data, { ...weights, bias }, sample),
  );
  const stacked = (name: ResultName) => samples.flatMap(({ results }) => results[name]);
  const results: Run['results'] = {};
  for (const name of RESULT_NAMES) {
    const gradient = cotangents[name];
    if (gradient === undefined) continue;
    results[name] = Float64Array.from(stacked(name).flatMap(({ values }) => [...values]));
    for (const [row, vector] of stacked(name).entries()) {
      tape.seed(vector, gradient.subarray(row * problem.units, (row + 1) * problem.units));
    }
  }
  tape.backward();
  const inputs = samples.map((sample) => sample.inputs);
  const gradientOf = (vectors: Vector[]) => Float64Array.from(vectors.flatMap(({ gradient }) => [...gradient]));
  const gradients: Run['gradients'] = {
    x: gradientOf(inputs.flatMap(({ x }) => x)),
    h0: gradientOf(inputs.map(({ h0 }) => h0)),
    c0: gradientOf(inputs.map(({ c0 }) => c0)),
    kernel: weights.kernel.gradient,
    recurrentKernel: weights.recurrentKernel.gradient,
    ...(data.bias && { bias: bias.gradient }),
  };
  const distanceFromKink = Math.min(...samples.map((sample) => sample.distanceFromKink));
  return { results, gradients, distanceFromKink };
}

type Weights = Record<'kernel' | 'recurrentKernel' | 'bias', Vector>;

function runSample(tape: Tape, problem: Problem, data: ProblemData, weights: Weights, sample: number) {
  const { timesteps, features, units } = problem;
  const rowOf = (values: Float32Array, row: number, size: number) => values.subarray(row * size, (row + 1) * size);
  const inputs = {
    x: Array.from({ length: timesteps }, (_, t) => tape.variable(rowOf(data.x, sample * timesteps + t, features))),
    h0: tape.variable(rowOf(data.h0, sample, units)),
    c0: tape.variable(rowOf(data.c0, sample, units)),
  };
  const masksOf = (masks: Float32Array[], size: number) =>
    masks.map((mask) => tape.variable(rowOf(mask, sample, size)));
  const [inputMasks, recurrentMasks] = [masksOf(data.inputMasks, features), masksOf(data.recurrentMasks, units)];
  const zeros = tape.variable(new Float64Array(units));
  const results = Object.fromEntries(RESULT_NAMES.map((name) => [name, []])) as unknown as Record<ResultName, Vector[]>;
  let { h0: h, c0: c } = inputs;
  let output = h;
  let distanceFromKink = Number.POSITIVE_INFINITY;
  for (let n = 0; n < timesteps; n++) {
    const t = problem.goBackwards ? timesteps - 1 - n : n;
    let gates = [zeros, zeros, zeros, zeros];
    if (data.mask !== null && data.mask[sample * timesteps + t] === 0) {
      output = problem.zeroOutputForMask ? zeros : h;
    } else {
      const preActivations = [0, 1, 2, 3].map((gate) => {
        const terms: [Vector, Vector[], Vector][] = [
          [inputs.x[t] as Vector, inputMasks, weights.kernel],
          [h, recurrentMasks, weights.recurrentKernel],
        ];
        let z = tape.slice(weights.bias, gate * units, (gate + 1) * units);
        for (const [row, masks, matrix] of terms) {
          const mask = masks[gate] ?? masks[0];
          const masked = mask === undefined ? row : tape.multiply(row, mask);
          z = tape.add(z, tape.product(masked, matrix, 4 * units, gate * units, (gate + 1) * units));
        }
        return z;
      });
      const activate = (vector: Vector, name: ActivationName) => {
        for (const kink of KINKS[name] ?? []) {
          for (const value of vector.values) distanceFromKink = Math.min(distanceFromKink, Math.abs(value - kink));
        }
        return tape.map(vector, differentiable(name));
      };
      gates = preActivations.map((z, gate) =>
        activate(z, gate === 2 ? problem.activation : problem.recurrentActivation),
      );
      const [i, f, g, o] = gates as [Vector, Vector, Vector, Vector];
      c = tape.add(tape.multiply(f, c), tape.multiply(i, g));
      h = tape.multiply(o, activate(c, problem.activation));
      output = h;
    }
    const named = { outputs: output, i: gates[0], f: gates[1], g: gates[2], o: gates[3], cells: c };
    for (const [name, vector] of Object.entries(named)) results[name as ResultName].push(vector as Vector);
  }
  results.lastOutput.push(output);
  results.h.push(h);
  results.c.push(c);
  return { inputs, results, distanceFromKink };
}

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { FusedInputs } from '../../../src/fused/fused-kernel.js';
import { TensorFlowKernel } from '../../../src/fused/tensorflow/tensorflow-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { type Float64Step, float64LSTM } from '../../support/float64-lstm.js';
import { randomTensor } from '../../support/random.js';
import { type Case, expectAgreement, gradientsOf, inputsOf, optionsOf, runOn, tensorsOf } from './sequences.js';

const NAMES = ['x', 'h0', 'c0', 'kernel', 'recurrentKernel', 'bias'] as const;
type Values = Record<(typeof NAMES)[number], number[]>;

const size = fc.integer({ min: 1, max: 4 });
const someCase = fc.record({ batch: size, timesteps: size, features: size, units: size, seed: fc.integer({ min: 1 }) });
const asCase = (sizes: Pick<Case, 'batch' | 'timesteps' | 'features' | 'units' | 'seed'>): Case => ({
  ...sizes,
  useBias: true,
  goBackwards: false,
  hasDropout: false,
  keepOutputs: true,
  keepGates: true,
});

const chunks = (values: number[], length: number) =>
  Array.from({ length: values.length / length }, (_, n) => values.slice(n * length, (n + 1) * length));

/** What a kernel returns, flat, by name and in its order, in float64. */
function float64Results(values: Values, { batch, timesteps, features, units }: Case): Record<string, number[]> {
  const weights = {
    kernel: chunks(values.kernel, 4 * units),
    recurrentKernel: chunks(values.recurrentKernel, 4 * units),
    bias: values.bias,
  };
  const [h0, c0] = [chunks(values.h0, units), chunks(values.c0, units)];
  const samples = chunks(values.x, timesteps * features).map((sample, b) =>
    float64LSTM(chunks(sample, features), weights, {
      activation: 'tanh',
      recurrentActivation: 'sigmoid',
      h0: h0[b] as number[],
      c0: c0[b] as number[],
    }),
  );
  expect(samples).toHaveLength(batch);
  const last = (name: keyof Float64Step) => samples.flatMap((steps) => (steps.at(-1) as Float64Step)[name]);
  const every = (name: keyof Float64Step) => samples.flatMap((steps) => steps.flatMap((step) => step[name]));
  return {
    lastOutput: last('h'),
    h: last('h'),
    c: last('c'),
    outputs: every('h'),
    'gates.i': every('i'),
    'gates.f': every('f'),
    'gates.g': every('g'),
    'gates.o': every('o'),
    'gates.c': every('c'),
  };
}

/** The gradient of the scalar that `gradientsOf` differentiates, by central differences. */
function float64Gradient(name: keyof Values, values: Values, one: Case, cotangents: number[][]): number[] {
  const total = (changed: Values) =>
    Object.values(float64Results(changed, one)).reduce(
      (sum, result, n) => result.reduce((partial, value, k) => partial + value * (cotangents[n]?.[k] as number), sum),
      0,
    );
  const step = 1e-4;
  return values[name].map((value, at) => {
    const shifted = (shift: number) => ({
      ...values,
      [name]: values[name].map((other, n) => (n === at ? value + shift : other)),
    });
    return (total(shifted(step)) - total(shifted(-step))) / (2 * step);
  });
}

function valuesOf(inputs: FusedInputs): Values {
  return Object.fromEntries(NAMES.map((name) => [name, [...(inputs[name] as tf.Tensor).dataSync()]])) as Values;
}

beforeAll(() => useBackend('tensorflow'));

test("TensorFlow's LSTM op computes what a float64 loop computes, to 1e-6", () => {
  const property = fc.property(someCase, (sizes) => {
    tf.tidy(() => {
      const one = asCase(sizes);
      const inputs = inputsOf(one);
      const actual = tensorsOf(runOn(new TensorFlowKernel())(inputs, optionsOf(one)));
      const expected = Object.entries(float64Results(valuesOf(inputs), one)).map(([name, values]) => [
        name,
        tf.tensor(values, actual[name]?.shape),
      ]);
      expectAgreement(actual, Object.fromEntries(expected), 1e-6);
    });
  });
  fc.assert(property, { numRuns: 20 });
});

test.each([
  ['at once', Number.POSITIVE_INFINITY],
  ['step by step', 0],
])('Its gradients, %s, are those of a float64 loop, to 1e-5', (_, mostWeightsAtOnce) => {
  // Gradients that arrive at gates only go step by step.
  const keepGates = mostWeightsAtOnce === 0;
  const property = fc.property(someCase, (sizes) => {
    tf.tidy(() => {
      const one = asCase(sizes);
      const [inputs, options] = [inputsOf(one), { ...optionsOf(one), keepGates }];
      const kernel = runOn(new TensorFlowKernel(mostWeightsAtOnce));
      const results = Object.values(tensorsOf(kernel(inputs, options)));
      const cotangents = results.map(({ shape }, n) => [...randomTensor(shape, 900 + n).dataSync()]);
      const unseen = new Array(9 - cotangents.length).fill(new Array(results[3]?.size ?? 0).fill(0));
      const actual = gradientsOf(kernel, inputs, options);
      const expected = NAMES.map((name) => [
        name,
        tf.tensor(float64Gradient(name, valuesOf(inputs), one, [...cotangents, ...unseen]), actual[name]?.shape),
      ]);
      expectAgreement(actual, Object.fromEntries(expected), 1e-5);
    });
  });
  fc.assert(property, { numRuns: 10 });
});

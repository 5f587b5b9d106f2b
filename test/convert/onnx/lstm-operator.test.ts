import fc from 'fast-check';
import {
  activationName,
  activationOfSum,
  onnxActivation,
  takeActivation,
} from '../../../src/convert/onnx/lstm-operator.js';
import { FLOAT64_ACTIVATIONS } from '../../support/float64-lstm.js';

const clip = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));

/** What ONNX's operators compute, by its documentation. */
const BY_ONNX: Record<string, (z: number, alpha: number, beta: number) => number> = {
  Relu: (z) => Math.max(0, z),
  Sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  Softplus: (z) => Math.log(1 + Math.exp(z)),
  Softsign: (z) => z / (1 + Math.abs(z)),
  Tanh: Math.tanh,
  HardSigmoid: (z, alpha, beta) => clip(alpha * z + beta, 0, 1),
  Affine: (z, alpha, beta) => alpha * z + beta,
  ScaledTanh: (z, alpha, beta) => alpha * Math.tanh(beta * z),
  Elu: (z, alpha) => (z < 0 ? alpha * (Math.exp(z) - 1) : z),
  LeakyRelu: (z, alpha) => (z < 0 ? alpha * z : z),
  ThresholdedRelu: (z, alpha) => (z > alpha ? z : 0),
};

const HERE: Record<string, (z: number) => number> = {
  ...FLOAT64_ACTIVATIONS,
  elu: (z) => (z < 0 ? Math.exp(z) - 1 : z),
  softplus: (z) => Math.log(1 + Math.exp(z)),
};

const some = fc.constantFrom(null, 0, 1, 0.5, 0.2, 1 / 6, Math.fround(0.2), Math.fround(1 / 6), -1.5, 0.3, 2);

test('What stands for an operator of ONNX computes the same, whatever its parameters', () => {
  const z = fc.double({ min: -8, max: 8, noNaN: true });
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(BY_ONNX)), some, some, z, (name, alpha, beta, z) => {
      const found = activationOfSum({ name, alpha, beta });
      if (found === null) return;
      const byOnnx = BY_ONNX[name] as (typeof BY_ONNX)[string];
      const here = HERE[found.activation] as (z: number) => number;
      // Those that it needs are given, as what stands for it has taken them into account.
      expect(here(found.scale * z + found.shift)).toBeCloseTo(byOnnx(z, alpha ?? Number.NaN, beta ?? Number.NaN), 6);
    }),
    { numRuns: 500 },
  );
});

const plain = (activation: string) => ({ activation, scale: 1, shift: 0 });

test.each<[string, number | null, number | null, ReturnType<typeof activationOfSum>]>([
  ['HardSigmoid', 0.2, 0.5, plain('hardSigmoid')],
  ['HardSigmoid', Math.fround(0.2), 0.5, plain('hardSigmoid')],
  ['HardSigmoid', 1 / 6, 0.5, plain('hardSigmoidKeras3')],
  ['HardSigmoid', 0.4, 0.25, { activation: 'hardSigmoid', scale: 2, shift: -1.25 }],
  ['HardSigmoid', 1 / 6, 0.25, { activation: 'hardSigmoid', scale: 5 * (1 / 6), shift: -1.25 }],
  ['HardSigmoid', null, 0.5, null],
  ['HardSigmoid', 0.2, null, null],
  ['Affine', 2, 3, { activation: 'linear', scale: 2, shift: 3 }],
  ['Affine', null, 3, null],
  ['Affine', 2, null, null],
  ['ScaledTanh', 1, 2, { activation: 'tanh', scale: 2, shift: 0 }],
  ['ScaledTanh', 2, 1, null],
  ['ScaledTanh', 1, null, null],
  ['Elu', 1, null, plain('elu')],
  ['Elu', 0.5, null, null],
  ['LeakyRelu', 0, null, plain('relu')],
  ['LeakyRelu', 1, null, plain('linear')],
  ['LeakyRelu', 0.3, null, null],
  ['ThresholdedRelu', 0, null, plain('relu')],
  ['ThresholdedRelu', 1, null, null],
  ['Tanh', null, null, plain('tanh')],
  ['Swish', null, null, null],
])('%s of α = %p, β = %p', (name, alpha, beta, expected) => {
  expect(activationOfSum({ name, alpha, beta })).toEqual(expected);
});

test('What is written for an activation is read as that activation, and others are not written', () => {
  const names = [
    'relu',
    'sigmoid',
    'softplus',
    'softsign',
    'tanh',
    'hardSigmoid',
    'hardSigmoidKeras3',
    'linear',
    'elu',
  ];
  const read = names.map((name) =>
    activationOfSum(onnxActivation(name) as NonNullable<ReturnType<typeof onnxActivation>>),
  );
  expect(read).toEqual(names.map(plain));
  expect(['gelu', 'Tanh', ''].map(onnxActivation)).toEqual([undefined, undefined, undefined]);
});

test('An activation is known however it is spelt', () => {
  expect(['TANH', 'hardsigmoid', 'ScaledTanh', 'thresholdedRELU'].map(activationName)).toEqual([
    'Tanh',
    'HardSigmoid',
    'ScaledTanh',
    'ThresholdedRelu',
  ]);
  expect(['Swish', '', 'Tanh '].map(activationName)).toEqual([undefined, undefined, undefined]);
});

test('Activations take their alphas and betas in order, or what ONNX says where none are left', () => {
  const [alphas, betas] = [[3, 4], [5]];
  const taken = ['HardSigmoid', 'Tanh', 'LeakyRelu', 'HardSigmoid', 'Elu', 'LeakyRelu', 'Affine', 'ThresholdedRelu'];
  expect(taken.map((name) => Object.values(takeActivation(name, alphas, betas)))).toEqual([
    ['HardSigmoid', 3, 5],
    ['Tanh', null, null],
    ['LeakyRelu', 4, null],
    ['HardSigmoid', 0.2, 0.5],
    ['Elu', 1, null],
    ['LeakyRelu', 0.01, null],
    ['Affine', null, null],
    ['ThresholdedRelu', null, null],
  ]);
});

import * as tf from '@tensorflow/tfjs';
import { KERAS_DEFAULTS, lstm, lstmCell } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { warningsOf } from '../support/warnings.js';

beforeAll(() => useBackend('cpu'));

const WEIGHTS = ['kernel', 'recurrent', 'bias'];
const OF_WEIGHTS = ['Initializer', 'Regularizer', 'Constraint'].flatMap((role) =>
  WEIGHTS.map((weight) => weight + role),
);
const OF_LAYERS = ['name', 'trainable', 'weights', 'dtype', 'inputDType'];
const OF_SHAPES = ['inputShape', 'batchInputShape', 'batchSize', 'inputDim', 'inputLength'];
const OF_CELLS = ['activation', 'recurrentActivation', 'useBias', 'unitForgetBias', 'implementation', 'seed'];
const OF_DROPOUT = ['dropout', 'recurrentDropout', 'dropoutFunc'];
const FLAGS = [
  'returnSequences',
  'returnState',
  'goBackwards',
  'stateful',
  'unroll',
  'returnGates',
  'zeroOutputForMask',
];
const FOR_CELLS = [...OF_LAYERS, ...OF_SHAPES, ...OF_CELLS, ...OF_DROPOUT, ...OF_WEIGHTS];

test.each([
  ['lstmCell', lstmCell, FOR_CELLS],
  ['lstm', lstm, [...FOR_CELLS, ...FLAGS, 'activityRegularizer', 'useFused', 'cell']],
] as const)('%s knows each of its arguments', async (_name, make, names) => {
  const args = Object.fromEntries(names.map((name) => [name, undefined]));
  expect(await warningsOf(() => make({ ...args, units: 2 } as never))).toEqual([]);
});

test.each(FLAGS)('%s must be true or false', (name) => {
  const message = `LSTM: ${name} must be a boolean, got 'yes'`;
  expect(() => lstm({ units: 2, [name]: 'yes' })).toThrow(message);
  expect(() => lstm({ units: 2, [name]: true, batchInputShape: [2, 3, 4] })).not.toThrow();
});

test('A layer may demand, prefer or refuse a fused kernel', () => {
  for (const useFused of ['auto', true, false] as const) expect(lstm({ units: 2, useFused }).useFused).toBe(useFused);
  expect(() => lstm({ units: 2, useFused: 'never' as never })).toThrow(
    "useFused must be 'auto', true or false, got 'never'",
  );
});

test("With KERAS_DEFAULTS a config differs from tfjs's in what Keras's differs in", () => {
  const config = (args: object) => tf.layers.lstm({ units: 2, name: 'memory', ...args }).getConfig();
  const kernelInitializer = tf.layers
    .lstmCell({ units: 2, kernelInitializer: 'glorotUniform' })
    .getConfig().kernelInitializer;
  expect(lstm({ ...KERAS_DEFAULTS, units: 2, name: 'memory' }).getConfig()).toEqual({
    ...config({}),
    ...{ recurrentActivation: 'sigmoid', unitForgetBias: true, kernelInitializer },
  });
});

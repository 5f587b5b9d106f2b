import * as tf from '@tensorflow/tfjs';
import { LSTM, LSTMCell, lstm, lstmCell } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

const REFUSED_BY_BOTH: [object, RegExp][] = [
  [{ units: 0 }, /: units must be a positive integer, got 0$/],
  [{ units: -3 }, /: units must be a positive integer, got -3$/],
  [{ units: 2.5 }, /: units must be a positive integer, got 2\.5$/],
  [{ units: '4' }, /: units must be a positive integer, got '4'$/],
  [{ units: Number.NaN }, /: units must be a positive integer, got NaN$/],
  [{ units: undefined }, /: units must be a positive integer, got undefined$/],
  [{ dropout: 1 }, /: dropout must be a number in \[0, 1\), got 1$/],
  [{ dropout: -0.1 }, /: dropout must be a number in \[0, 1\), got -0\.1$/],
  [{ dropout: Number.NaN }, /: dropout must be a number in \[0, 1\), got NaN$/],
  [{ recurrentDropout: 1.5 }, /: recurrentDropout must be a number in \[0, 1\), got 1\.5$/],
  [{ recurrentDropout: '0.5' }, /: recurrentDropout must be a number in \[0, 1\), got '0\.5'$/],
  [{ useBias: 'no' }, /: useBias must be a boolean, got 'no'$/],
  [{ unitForgetBias: 1 }, /: unitForgetBias must be a boolean, got 1$/],
  [{ seed: 1.5 }, /: seed must be an integer, got 1\.5$/],
  [{ seed: 'abc' }, /: seed must be an integer, got 'abc'$/],
  [{ dropoutFunc: 3 }, /: dropoutFunc must be a function, got 3$/],
  [
    { activation: 'tahn' },
    /: activation must be known to tfjs, as the name, config or instance of some activation, got 'tahn'$/,
  ],
  [{ recurrentActivation: 'Dense' }, /: recurrentActivation must be known to tfjs, .* some activation, got 'Dense'$/],
  [{ activation: Math.tanh }, /: activation must be known to tfjs, .* got the function tanh$/],
  [{ kernelInitializer: 'glorot' }, /: kernelInitializer must be known to tfjs, .* some initializer, got 'glorot'$/],
  [{ recurrentInitializer: 'none' }, /: recurrentInitializer must be known .* got 'none'$/],
  [{ biasInitializer: 3 }, /: biasInitializer must be known .* got 3$/],
  [{ kernelRegularizer: 'l3' }, /: kernelRegularizer must be known to tfjs, .* some regularizer, got 'l3'$/],
  [
    { recurrentRegularizer: {} },
    /: recurrentRegularizer must be known .* got an object of class Object with keys \[\]$/,
  ],
  [{ biasRegularizer: 'l3' }, /: biasRegularizer must be known .* got 'l3'$/],
  [{ kernelConstraint: 'positive' }, /: kernelConstraint must be known to tfjs, .* some constraint, got 'positive'$/],
  [{ recurrentConstraint: 'positive' }, /: recurrentConstraint must be known .* got 'positive'$/],
  [{ biasConstraint: 'positive' }, /: biasConstraint must be known .* got 'positive'$/],
];

const REFUSED_BY_LAYER: [object, RegExp][] = [
  ...['returnSequences', 'returnState', 'goBackwards', 'stateful', 'unroll', 'returnGates', 'zeroOutputForMask'].map(
    (name): [object, RegExp] => [{ [name]: 'yes' }, new RegExp(`: ${name} must be a boolean, got 'yes'$`)],
  ),
  [{ useFused: 'always' }, /: useFused must be 'auto', true or false, got 'always'$/],
  [{ activityRegularizer: 'l3' }, /: activityRegularizer must be known to tfjs, .* some regularizer, got 'l3'$/],
];

describe('A layer refuses', () => {
  test.each([...REFUSED_BY_BOTH, ...REFUSED_BY_LAYER])('%j', (args, message) => {
    const before = tf.memory().numTensors;
    expect(() => lstm({ units: 2, ...args })).toThrow(RangeError);
    expect(() => lstm({ units: 2, ...args })).toThrow(message);
    expect(() => new LSTM({ units: 2, ...args })).toThrow(/^LSTM: /);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('arguments that are none', () => {
    expect(() => lstm(undefined as never)).toThrow('LSTM: the arguments must be an object, got undefined');
    expect(() => lstm(null as never)).toThrow('LSTM: the arguments must be an object, got null');
  });
});

describe('A cell refuses', () => {
  test.each(REFUSED_BY_BOTH)('%j', (args, message) => {
    expect(() => lstmCell({ units: 2, ...args })).toThrow(message);
    expect(() => new LSTMCell({ units: 2, ...args })).toThrow(/^LSTMCell: /);
  });
});

test('What tfjs says of an unknown name is the cause of the error', () => {
  let caught: unknown;
  try {
    lstm({ units: 2, activation: 'tahn' as 'tanh' });
  } catch (error) {
    caught = error;
  }
  expect((caught as Error).cause).toBeInstanceOf(Error);
  expect(String((caught as Error).cause)).toContain('tahn');
});

test('Null and undefined stand for the default, as a loaded config may hold them', () => {
  const names = [
    'useBias',
    'returnSequences',
    'seed',
    'dropout',
    'useFused',
    'kernelRegularizer',
    'activityRegularizer',
  ];
  const empty = Object.fromEntries(names.map((name) => [name, null]));
  const expected = lstm({ units: 2, name: 'memory' }).getConfig();
  expect(lstm({ units: 2, name: 'memory', ...empty }).getConfig()).toEqual(expected);
});

test('Names, configs and instances are all taken for what tfjs makes objects of', () => {
  const config = { className: 'L1L2', config: { l1: 0.5, l2: 0.25 } };
  for (const kernelRegularizer of [config, tf.regularizers.l1l2({ l1: 0.5, l2: 0.25 })] as never[]) {
    expect(lstm({ units: 2, kernelRegularizer }).getConfig().kernelRegularizer).toEqual(config);
  }
  const { activation } = tf.layers.lstmCell({ units: 1, activation: 'relu' });
  expect(lstm({ units: 2, activation: activation as never }).getConfig().activation).toBe('relu');
  expect(lstm({ units: 2, activation: null as never }).getConfig().activation).toBe('linear');
});

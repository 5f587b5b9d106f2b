import * as tf from '@tensorflow/tfjs';
import { KERAS_DEFAULTS, lstm, lstmCell } from '../../src/index.js';
import { ARGUMENTS, type Argument, argumentsOf } from '../../src/layers/arguments.js';
import { useBackend } from '../../tools/backends.js';
import { warningsOf } from '../support/warnings.js';

beforeAll(() => useBackend('cpu'));

const TABLE = Object.entries(ARGUMENTS) as [string, Argument][];
const FLAGS = TABLE.filter(
  ([, { of, type }]) => ['rnn', 'lstm'].includes(of) && (type as { must?: string }).must === 'a boolean',
);

test.each([
  ['lstmCell', lstmCell, argumentsOf('any layer', 'cell')],
  ['lstm', lstm, [...argumentsOf('any layer', 'cell', 'rnn', 'lstm'), 'cell']],
] as const)('%s knows each of its arguments', async (_name, make, names) => {
  const args = Object.fromEntries(names.map((name) => [name, undefined]));
  expect(await warningsOf(() => make({ ...args, units: 2 } as never))).toEqual([]);
});

describe('The table of arguments tells what tfjs does', () => {
  const config = (args: object) =>
    tf.layers.lstm({ units: 2, name: 'memory', ...args } as tf.LSTMLayerArgs).getConfig();
  const ofBuiltIn = TABLE.filter(
    ([name, { of, inBuiltIn }]) => of !== 'any layer' && name !== 'units' && inBuiltIn === 'saved',
  );

  test.each(ofBuiltIn)('%s is saved by the built-in, and has its default', (name, argument) => {
    expect(Object.keys(config({}))).toContain(name);
    expect(config({ [name]: argument.default })).toEqual(config({}));
  });

  test('The rest of what the built-in saves is of any layer, or units, or null', () => {
    const saved = Object.keys(config({ batchInputShape: [null, null, 3], dtype: 'float32' }));
    const known = [...ofBuiltIn.map(([name]) => name), ...argumentsOf('any layer'), 'units'];
    expect(saved.filter((name) => !known.includes(name))).toEqual(['activityRegularizer']);
  });

  test.each(TABLE.filter(([, { inBuiltIn }]) => inBuiltIn === 'refused' || inBuiltIn === 'dropped'))(
    '%s is not saved by the built-in, nor by this package where it has its default',
    (name, { default: value }) => {
      expect(config({ [name]: true })[name] ?? null).toBeNull();
      expect(lstm({ units: 2, name: 'memory', [name]: value }).getConfig()).toEqual(config({}));
    },
  );
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

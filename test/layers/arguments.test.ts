import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { KERAS_DEFAULTS, LSTM, lstm, lstmCell } from '../../src/index.js';
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
    recurrentActivation: 'sigmoid',
    unitForgetBias: true,
    kernelInitializer,
  });
});

describe('A layer made again from its config has the same config', () => {
  const weightObjects = (role: string, value: fc.Arbitrary<unknown>) =>
    Object.fromEntries(TABLE.filter(([, { type }]) => type === role).map(([name]) => [name, value]));
  const someValueOf = ([name, { type }]: [string, Argument]): fc.Arbitrary<unknown> | null => {
    if (typeof type === 'string') return null;
    if (type.must === 'a boolean') return fc.boolean();
    if (type.must.startsWith('a number in')) return fc.double({ min: 0, max: 0.99, noNaN: true });
    if (name === 'seed') return fc.integer();
    return name === 'useFused' ? fc.constantFrom('auto', true, false) : null;
  };
  const plain = TABLE.flatMap((row) => {
    const value = someValueOf(row);
    return value === null ? [] : [[row[0], value] as const];
  });
  const someArguments = fc.record(
    {
      ...Object.fromEntries(plain),
      ...weightObjects('activation', fc.constantFrom('tanh', 'sigmoid', 'hardSigmoidKeras3')),
      ...weightObjects('initializer', fc.constantFrom('zeros', 'glorotUniform', 'orthogonal')),
      ...weightObjects('regularizer', fc.constantFrom('l1l2', null)),
      ...weightObjects('constraint', fc.constantFrom('nonNeg', null)),
    },
    { requiredKeys: [] },
  );

  test('whatever its arguments, and through JSON', () => {
    fc.assert(
      fc.property(someArguments, fc.integer({ min: 1, max: 5 }), (args, units) => {
        const config = lstm({ ...(args as object), units, name: 'memory' }).getConfig();
        const read = JSON.parse(JSON.stringify(config));
        const again = LSTM.fromConfig(LSTM as never, read).getConfig();
        expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(config)));
        for (const [name, value] of Object.entries(args as Record<string, unknown>)) {
          const argument: Argument = ARGUMENTS[name as keyof typeof ARGUMENTS];
          if (typeof argument.type !== 'string' && value !== argument.default) expect(config[name]).toBe(value);
        }
      }),
      { numRuns: 60 },
    );
  });
});

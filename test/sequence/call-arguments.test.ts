import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../src/index.js';
import { traceLayer } from '../../src/inspect/index.js';
import { argumentsOf } from '../../src/layers/arguments.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const x = () => randomTensor([BATCH, TIMESTEPS, FEATURES], 1);
const layer = () => lstm({ units: UNITS, name: 'memory' });

const MISSPELT = [
  ['initial_state', 'initialState'],
  ['InitialState', 'initialState'],
  ['intialState', 'initialState'],
  ['Mask', 'mask'],
  ['trainig', 'training'],
] as const;

test.each(MISSPELT)('A call is told of %s', (name, meant) => {
  const rule = `the argument must be spelt '${meant}', got '${name}' (layer 'memory')`;
  const value = null;
  expect(() => layer().apply(x(), { [name]: value })).toThrow(`LSTM.apply: ${rule}`);
  const symbolic = tf.input({ shape: [TIMESTEPS, FEATURES] });
  expect(() => layer().apply(symbolic, { [name]: value })).toThrow(`LSTM.apply: ${rule}`);
  const built = layer();
  built.apply(x());
  expect(() => built.call(x() as tf.Tensor, { [name]: value })).toThrow(`LSTM.call: ${rule}`);
  const cell = lstmCell({ units: UNITS, name: 'memory' });
  cell.build([null, FEATURES]);
  const state = tf.zeros([BATCH, UNITS]);
  expect(() => cell.call([tf.ones([BATCH, FEATURES]), state, state], { [name]: value })).toThrow(
    `LSTMCell.call: ${rule}`,
  );
});

test('A trace is told of a misspelling, and of a mask in the place of options', () => {
  const built = layer();
  built.apply(x());
  const spelling = "the option must be spelt 'initialState', got 'initial_state'";
  expect(() => built.trace(x(), { initial_state: [] } as never)).toThrow(`LSTM.trace: ${spelling}`);
  expect(() => traceLayer(built, x(), { initial_state: [] } as never)).toThrow(`traceLayer: ${spelling}`);
  const mask = tf.ones([BATCH, TIMESTEPS]) as never;
  expect(() => built.trace(x(), mask)).toThrow('LSTM.trace: options must be an object');
});

test.each(argumentsOf('rnn', 'lstm').filter((name) => name !== 'activityRegularizer'))(
  "A call is told of %s, which is the layer's, and of its spelling in Python",
  (name) => {
    const inPython = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    for (const given of [name, inPython]) {
      expect(() => layer().apply(x(), { [given]: true })).toThrow(
        `LSTM.apply: ${name} must be given to the layer when it is created, not to a call, got '${given}' (layer 'memory')`,
      );
    }
  },
);

test('Other arguments pass, as tfjs hands them on to all layers', () => {
  const made = layer();
  const output = made.apply(x()) as tf.Tensor;
  expectClose(made.apply(x(), { somethingElse: 1, training: false }) as tf.Tensor, output, 0);
});

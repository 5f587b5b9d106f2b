import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];
const GATE_SHAPES = Array(5).fill([BATCH, TIMESTEPS, UNITS]);

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

test('The shapes of gates are told of a layer that is not built, from the shape of x or of x and the states', () => {
  const layer = lstm({ units: UNITS, returnGates: true });
  const x = [BATCH, TIMESTEPS, FEATURES];
  expect(layer.computeOutputShape(x)).toEqual([[BATCH, UNITS], ...GATE_SHAPES]);
  const withStates = [x, [BATCH, UNITS], [BATCH, UNITS]];
  expect(layer.computeOutputShape(withStates)).toEqual([[BATCH, UNITS], ...GATE_SHAPES]);
});

test('Gates have no mask, and the usual outputs have the mask that they have without gates', () => {
  const [x, mask] = [randomTensor([BATCH, TIMESTEPS, FEATURES], 1), tf.ones([BATCH, TIMESTEPS])];
  const none = Array(5).fill(null);
  const masksOf = (args: object) => lstm({ units: UNITS, returnGates: true, ...args }).computeMask(x, mask);
  expect(masksOf({})).toEqual([null, ...none]);
  expect(masksOf({ returnSequences: true })).toEqual([mask, ...none]);
  expect(masksOf({ returnSequences: true, returnState: true })).toEqual([mask, null, null, ...none]);
});

test('Where a wrapper would take the gates for one output, the error names the layer', () => {
  const inner = lstm({ units: UNITS, returnGates: true, name: 'memory' });
  const layer = tf.layers.timeDistributed({ layer: inner });
  expect(() => layer.apply(tf.input({ shape: [2, TIMESTEPS, FEATURES] }))).toThrow(
    /^LSTM\.computeOutputShape: returnGates must be false inside .*, got true \(layer 'memory'\)/,
  );
});

import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../../src/index.js';
import { requireLayer, within } from '../../../src/inspect/model/require-layer.js';
import { useBackend } from '../../../tools/backends.js';

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const RULE = 'test: layer must be an LSTM, or tf.layers.rnn over one LSTM cell';

test.each([
  ['lstm', () => lstm({ units: 2 })],
  ['tf.layers.lstm', () => tf.layers.lstm({ units: 2 })],
  ['tf.layers.rnn', () => tf.layers.rnn({ cell: lstmCell({ units: 2 }) }) as tf.RNN],
] as [string, () => tf.layers.Layer][])(
  'One LSTM of %s is taken once it is built, as long as it has its weights',
  (_kind, make) => {
    const layer = make();
    expect(() => requireLayer('test', layer)).toThrow(
      `test: the layer must be built first, by apply or build (layer '${layer.name}')`,
    );
    layer.apply(tf.zeros([1, 2, 3]));
    expect(requireLayer('test', layer)).toBe(layer);
    layer.dispose();
    expect(() => requireLayer('test', layer)).toThrow(`test: the layer must not be disposed (layer '${layer.name}')`);
  },
);

test('What is no layer or no LSTM is refused, a wrapper with the way to what it wraps', () => {
  const inner = () => tf.layers.lstm({ units: 2 });
  const both = tf.layers.bidirectional({ layer: inner() as tf.RNN, mergeMode: 'concat', name: 'both' });
  const each = tf.layers.timeDistributed({ layer: inner(), name: 'each' });
  const dense = tf.layers.dense({ units: 2, name: 'head' });
  const refused: [unknown, string][] = [
    [both, `${RULE}; for Bidirectional, pass its forwardLayer or backwardLayer, got the Bidirectional 'both'`],
    [each, `${RULE}; for TimeDistributed, pass its layer, got the TimeDistributed 'each'`],
    [dense, `${RULE}, got the Dense 'head'`],
    [{ name: 'lstm' }, `${RULE}, got an object of class Object with keys ['name']`],
    [undefined, `${RULE}, got undefined`],
  ];
  for (const [layer, message] of refused) expect(() => requireLayer('test', layer)).toThrow(new RangeError(message));
  expect([within(dense), within(null)]).toEqual(['', '']);
});

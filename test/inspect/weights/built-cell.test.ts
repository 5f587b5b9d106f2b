import * as tf from '@tensorflow/tfjs';
import { builtCell } from '../../../src/inspect/weights/built-cell.js';
import { useBackend } from '../../../tools/backends.js';
import { LAYER_KINDS, layerOfKind, newLayerOfKind } from '../support/layers.js';

beforeAll(() => useBackend('cpu'));

test.each(LAYER_KINDS)('The cell of %s holds its weights', (kind) => {
  const layer = layerOfKind(kind, { units: 2, features: 3 });
  const cell = builtCell('here', layer);
  const { kernel, recurrentKernel, bias } = cell;
  expect([kernel, recurrentKernel, bias]).toEqual(layer.weights);
  expect(cell.units).toBe(2);
});

test.each(LAYER_KINDS)('%s that is not built is refused by its name', (kind) => {
  expect(() => builtCell('here', newLayerOfKind(kind, 2, 'new'))).toThrow(
    new Error("here: the layer must be built first, by apply or build (layer 'new')"),
  );
});

const RULE = 'here: layer must be an LSTM, tf.layers.rnn over one LSTM cell, or an LSTM cell';

test.each([
  [null, 'null'],
  [undefined, 'undefined'],
  ['lstm_1', "'lstm_1'"],
  [{ kernel: 1 }, "an object of class Object with keys ['kernel']"],
])('%p is refused as not being a layer', (value, shown) => {
  expect(() => builtCell('here', value)).toThrow(new RangeError(`${RULE}, got ${shown}`));
});

test('A layer that is not an LSTM is refused by its class and name', () => {
  const cells = [tf.layers.lstmCell({ units: 1 }), tf.layers.lstmCell({ units: 1 })];
  const others = [
    [tf.layers.gru({ units: 1, name: 'a' }), 'GRU'],
    [tf.layers.gruCell({ units: 1, name: 'a' }), 'GRUCell'],
    [tf.layers.rnn({ cell: tf.layers.gruCell({ units: 1 }), name: 'a' }), 'RNN'],
    [tf.layers.rnn({ cell: cells, name: 'a' } as never), 'RNN'],
    [tf.layers.dense({ units: 1, name: 'a' }), 'Dense'],
  ] as const;
  for (const [layer, className] of others) {
    expect(() => builtCell('here', layer)).toThrow(new RangeError(`${RULE}, got '${className}' (layer 'a')`));
  }
});

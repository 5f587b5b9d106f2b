import * as tf from '@tensorflow/tfjs';
import { toBuiltIn } from '../../src/convert/index.js';
import { lstm, lstmCell } from '../../src/index.js';
import { ablateUnits, traceBytes, traceLayer, traceLayerBytes } from '../../src/inspect/index.js';
import type { AnyLSTMCell } from '../../src/layers/lstm-cell.js';
import { janetCell, mLSTMCell, peepholeCell, sLSTMCell } from '../../src/variants/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** A model of one layer over a cell, with random weights. */
function modelOf(cell: AnyLSTMCell): tf.Sequential {
  const layer = lstm({ cell, name: 'memory', inputShape: [5, 3], returnSequences: true });
  const model = tf.sequential({ layers: [layer] });
  randomizeWeights(model, 4);
  return model;
}

test('toBuiltIn takes the arguments of a plain cell that was given to its layer', () => {
  const cell = lstmCell({ units: 4, recurrentActivation: 'sigmoid', useBias: false });
  const model = modelOf(cell);
  const builtIn = toBuiltIn(model);
  const x = randomTensor([2, 5, 3], 1);
  expect(builtIn.layers.map((layer) => layer.getClassName())).toEqual(['LSTM']);
  expectClose(builtIn.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor);
});

test('toBuiltIn refuses what a given cell has and the built-in does not', () => {
  expect(() => toBuiltIn(modelOf(lstmCell({ units: 4, zoneout: 0.1 })))).toThrow(
    'toBuiltIn: zoneout must not be set, because the built-in LSTM does not have it',
  );
  expect(() => toBuiltIn(modelOf(peepholeCell({ units: 4 })))).toThrow(
    "the layer's class must be ExplicitLSTMCell, because the built-in LSTM can only run the standard step",
  );
});

test('ablateUnits takes each value of a projection away', async () => {
  const effects = await ablateUnits(
    modelOf(peepholeCell({ units: 4, projectionUnits: 3 })),
    randomTensor([2, 5, 3], 1),
    { layerName: 'memory' },
  );
  expect(effects.map(({ unit }) => unit).sort()).toEqual([0, 1, 2]);
});

test.each([
  ['coupled', () => peepholeCell({ units: 4, coupled: true, projectionUnits: 3 })],
  ['sLSTM', () => sLSTMCell({ units: 4 })],
  ['mLSTM', () => mLSTMCell({ units: 4, heads: 2 })],
  ['JANET', () => janetCell({ units: 4 })],
])('The size of a trace is told beforehand: %s', (_, makeCell) => {
  const model = modelOf(makeCell());
  const x = randomTensor<tf.Rank.R3>([2, 5, 3], 1);
  const mask = tf.ones([2, 5], 'bool');
  const layer = model.getLayer('memory');
  const told = traceLayerBytes(layer, x, { mask }).bytes;
  const { gates, states, initialStates, mask: masks } = traceLayer(layer, x, { mask });
  const tensors = new Set([...[gates, states, initialStates].flatMap(Object.values<tf.Tensor>), masks as tf.Tensor]);
  const bytes = [...tensors].reduce((sum, { size, dtype }) => sum + size * tf.util.bytesPerElement(dtype), 0);
  expect(told).toBe(bytes);
  expect(traceBytes(model, x)[0]?.bytes).toBe(bytes - 2 * 5);
});

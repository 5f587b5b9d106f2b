import * as tf from '@tensorflow/tfjs';
import { toExplicit } from '../../../src/convert/index.js';
import { lstm } from '../../../src/index.js';
import { type CallSize, traceBytes, traceLayer, traceLayerBytes, traceModel } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { EXAMPLES } from '../../convert/support/examples.js';
import { builtIn, randomInputs, type Symbolic } from '../../convert/support/models.js';
import { randomTensor } from '../../support/random.js';
import { nameOf } from '../support/traced.js';

function total(sizes: { bytes: number }[]): number {
  return sizes.reduce((sum, { bytes }) => sum + bytes, 0);
}

describe.each(NODE_BACKENDS)('On %s, traceBytes', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(['a mask from an embedding', 'stacked cells of several kinds', 'several inputs and outputs'])(
    'tells how much the memory grows by the traces, call by call: %s',
    (name) => {
      for (const model of [EXAMPLES[name]!(), toExplicit(EXAMPLES[name]!())]) {
        for (const units of [undefined, [1]]) {
          const inputs = randomInputs(model);
          const before = tf.memory();
          const sizes = traceBytes(model, inputs, { units });
          expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
          const traces = traceModel(model, inputs, { units });
          expect(tf.memory().numBytes - before.numBytes).toBe(total(sizes));
          expect(sizes.map(nameOf as (size: CallSize) => string)).toEqual(traces.map(nameOf));
          expect(sizes.map(({ shape }) => shape)).toEqual(traces.map(({ trace }) => trace.h.shape));
        }
      }
    },
  );

  test('tells the same for one layer, from the shape of its input', () => {
    const x = randomTensor([3, 7, 2], 1);
    const mask = tf.ones([3, 7], 'bool');
    for (const layer of [builtIn({ units: 4 }), lstm({ units: 4 })]) {
      layer.apply(tf.input({ shape: [null, 2] }));
      for (const options of [{}, { units: [3, 1] }, { mask: tf.cast(mask, 'int32') }]) {
        const { numBytes } = tf.memory();
        const { bytes, shape } = traceLayerBytes(layer, x, options);
        const trace = traceLayer(layer, x, options);
        expect(tf.memory().numBytes - numBytes).toBe(bytes);
        expect(shape).toEqual(trace.h.shape);
      }
    }
  });
});

describe('traceBytes', () => {
  test('counts six sequences, two states and a mask', () => {
    const tokens = tf.input({ shape: [5] });
    const embedded = tf.layers.embedding({ inputDim: 9, outputDim: 3, maskZero: true }).apply(tokens);
    const layer = builtIn({ units: 4, name: 'lstm' });
    const model = tf.model({ inputs: tokens, outputs: layer.apply(embedded) as Symbolic });
    const bytes = 6 * 2 * 5 * 4 * 4 + 2 * 2 * 4 * 4 + 2 * 5;
    const expected = { layerName: 'lstm', direction: 'forward', cell: 0, call: 0, shape: [2, 5, 4], bytes };
    expect(traceBytes(model, tf.ones([2, 5]))).toEqual([expected]);
  });
});

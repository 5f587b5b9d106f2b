import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../../src/index.js';
import { weightsByGate } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { BUILT_IN, EXPLICIT } from '../../support/factories.js';
import { randomizeWeights } from '../../support/random.js';
import { LAYER_KINDS, layerOfKind } from '../support/layers.js';

/** The columns of one gate, cut out of nested arrays. */
function columns(weight: tf.Tensor, gate: number, units: number): number[] {
  const rows = weight.rank === 1 ? [weight.arraySync()] : weight.arraySync();
  return (rows as number[][]).flatMap((row) => row.slice(gate * units, (gate + 1) * units));
}

describe.each(NODE_BACKENDS)('On %s, the weights by gate', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(LAYER_KINDS)('of %s are the blocks of its weights, each of its shape', (kind) => {
    tf.tidy(() => {
      const layer = layerOfKind(kind, { units: 3, features: 2 });
      const [kernel, recurrentKernel, bias] = layer.getWeights() as [tf.Tensor, tf.Tensor, tf.Tensor];
      const weights = weightsByGate(layer);
      for (const [n, gate] of GATE_NAMES.entries()) {
        expect(weights.kernel[gate].shape).toEqual([2, 3]);
        expect(weights.recurrentKernel[gate].shape).toEqual([3, 3]);
        expect(weights.bias?.[gate].shape).toEqual([3]);
        expectClose(weights.kernel[gate], columns(kernel, n, 3), 0);
        expectClose(weights.recurrentKernel[gate], columns(recurrentKernel, n, 3), 0);
        expectClose(weights.bias?.[gate] as tf.Tensor, columns(bias, n, 3), 0);
      }
    });
  });
});

describe('The weights by gate', () => {
  beforeAll(() => useBackend('cpu'));

  test.each([BUILT_IN, EXPLICIT])('have no bias where the layer has none', (factories) => {
    tf.tidy(() => {
      const layer = factories.lstm({ units: 2, useBias: false });
      layer.apply(tf.input({ shape: [null, 1] }));
      expect(weightsByGate(layer).bias).toBeNull();
    });
  });

  test('are copies: they stay when the layer learns, and the layer stays when they are disposed', () => {
    const layer = layerOfKind('an explicit LSTM', { units: 2, features: 2 });
    const before = tf.memory().numTensors;
    const weights = weightsByGate(layer);
    const first = weights.kernel.i.dataSync()[0];
    randomizeWeights(layer, 77);
    expect(weights.kernel.i.dataSync()[0]).toBe(first);
    expect(layer.getWeights()[0]?.dataSync()[0]).not.toBe(first);
    weights.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(() => layer.getWeights()[0]?.dataSync()).not.toThrow();
    layer.dispose();
  });

  test('of a layer within tf.tidy are freed with it', () => {
    const layer = layerOfKind('a built-in LSTM', { units: 2, features: 2 });
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      weightsByGate(layer);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('of a Bidirectional are refused with what to ask for instead', () => {
    const both = tf.layers.bidirectional({ layer: BUILT_IN.lstm({ units: 1 }), name: 'both' } as never);
    expect(() => weightsByGate(both)).toThrow(
      new RangeError(
        'weightsByGate: layer must be an LSTM, tf.layers.rnn over one LSTM cell, or an LSTM cell; for Bidirectional, pass ' +
          "its forwardLayer or backwardLayer, got 'Bidirectional' (layer 'both')",
      ),
    );
    const { forwardLayer, backwardLayer } = both as unknown as Record<string, tf.layers.Layer>;
    for (const layer of [forwardLayer, backwardLayer]) layer!.build([null, 3, 1]);
    expect(weightsByGate(forwardLayer!).kernel.i.shape).toEqual([1, 1]);
    expect(weightsByGate(backwardLayer!).kernel.i.shape).toEqual([1, 1]);
  });

  test('are refused for what is not an LSTM', () => {
    expect(() => weightsByGate(tf.layers.dense({ units: 1, name: 'd' }))).toThrow(
      /^weightsByGate: layer must be an LSTM, .*, got 'Dense' \(layer 'd'\)$/,
    );
  });
});

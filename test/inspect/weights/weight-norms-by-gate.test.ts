import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../../src/index.js';
import { weightNormsByGate, weightsByGate } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { BUILT_IN } from '../../support/factories.js';
import { LAYER_KINDS, layerOfKind } from '../support/layers.js';

function norm(tensor: tf.Tensor): number {
  return Math.hypot(...tensor.dataSync());
}

describe.each(NODE_BACKENDS)('On %s, the norms', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(LAYER_KINDS)('of %s are those of its weights by gate', async (kind) => {
    const layer = layerOfKind(kind, { units: 3, features: 2 });
    const weights = weightsByGate(layer);
    const before = tf.memory().numTensors;
    const norms = await weightNormsByGate(layer);
    expect(tf.memory().numTensors).toBe(before);
    for (const weight of ['kernel', 'recurrentKernel', 'bias'] as const) {
      for (const gate of GATE_NAMES) {
        expect(norms[weight]?.[gate]).toBeCloseTo(norm(weights[weight]?.[gate] as tf.Tensor), 12);
      }
    }
    weights.dispose();
  });
});

describe('The norms', () => {
  beforeAll(() => useBackend('cpu'));

  test('are the roots of the sums of squares', async () => {
    const layer = BUILT_IN.lstm({ units: 1, useBias: false });
    layer.apply(tf.input({ shape: [null, 2] }));
    layer.setWeights([
      tf.tensor2d([
        [3, 5, 8, 0],
        [4, 12, 15, 0],
      ]),
      tf.tensor2d([[1e30, -2, 3, 4]]),
    ]);
    const norms = await weightNormsByGate(layer);
    expect(norms.kernel).toEqual({ i: 5, f: 13, g: 17, o: 0 });
    // The square of the first would be infinite in float32.
    expect(norms.recurrentKernel).toEqual({ i: Math.fround(1e30), f: 2, g: 3, o: 4 });
    expect(norms.bias).toBeNull();
  });

  test('tell which gate has weights that are not finite', async () => {
    const layer = BUILT_IN.lstm({ units: 1 });
    layer.apply(tf.input({ shape: [null, 1] }));
    layer.setWeights([tf.ones([1, 4]), tf.ones([1, 4]), tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY, 2])]);
    expect((await weightNormsByGate(layer)).bias).toEqual({ i: 1, f: Number.NaN, g: Number.POSITIVE_INFINITY, o: 2 });
  });

  test('are refused for what is not an LSTM, by the promise', async () => {
    const refused = weightNormsByGate(tf.layers.dense({ units: 1, name: 'd' }));
    await expect(refused).rejects.toThrow(/^weightNormsByGate: layer must be an LSTM, .*, got 'Dense' \(layer 'd'\)$/);
  });
});

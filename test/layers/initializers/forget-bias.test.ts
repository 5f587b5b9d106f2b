import * as tf from '@tensorflow/tfjs';
import { FORGET_BIAS, forgetBiasInitializer } from '../../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { EXPLICIT, KINDS } from '../../support/factories.js';

describe.each(NODE_BACKENDS)('On %s, a forget bias', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(KINDS)(
    'starts the forget gates of a layer of %s and no others, and is saved with it',
    async (_kind, make) => {
      const biasInitializer = forgetBiasInitializer({ forgetBias: FORGET_BIAS.wideOpen });
      const model = tf.sequential({ layers: [make.lstm({ units: 3, inputShape: [4, 2], biasInitializer })] });
      const loaded = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
      for (const { weights } of [model, loaded]) {
        const bias = [...(weights[2] as tf.LayerVariable).read().dataSync()];
        expect(bias).toEqual([0, 0, 0, 2, 2, 2, 0, 0, 0, 0, 0, 0]);
      }
      model.dispose();
      loaded.dispose();
    },
  );
});

describe('A forget bias', () => {
  beforeAll(() => useBackend('cpu'));

  test('has names for 0, 1 and 2', () => {
    expect(FORGET_BIAS).toEqual({ neutral: 0, open: 1, wideOpen: 2 });
  });

  test('may be negative and keeps no tensor', () => {
    const count = tf.memory().numTensors;
    const bias = forgetBiasInitializer({ forgetBias: -0.5 }).apply([4]);
    expect([...bias.dataSync()]).toEqual([0, -0.5, 0, 0]);
    bias.dispose();
    expect(tf.memory().numTensors).toBe(count);
  });

  const REFUSED: [string, () => unknown, string][] = [
    [
      'what is no number',
      () => forgetBiasInitializer({ forgetBias: Number.NaN }),
      'ForgetBiasInitializer: forgetBias must be a finite number, got NaN',
    ],
    [
      'a bare number',
      () => forgetBiasInitializer(1 as never),
      'ForgetBiasInitializer: options must be an object, got 1',
    ],
    [
      'a shape without four blocks',
      () => forgetBiasInitializer({ forgetBias: 1 }).apply([0]),
      'the last dimension must be 4U, a block for each gate, got [0]',
    ],
    [
      'a layer that sets the forget bias itself',
      () =>
        EXPLICIT.lstm({ units: 2, unitForgetBias: true, biasInitializer: forgetBiasInitializer({ forgetBias: 1 }) }),
      'LSTM: unitForgetBias must be false with ForgetBiasInitializer, which sets the whole bias, got true',
    ],
  ];
  test.each(REFUSED)('refuses %s', (_title, make, message) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });
});

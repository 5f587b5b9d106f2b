import * as tf from '@tensorflow/tfjs';
import { type LSTM, type LSTMArgs, lstm } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

const input = () => randomTensor([BATCH, TIMESTEPS, FEATURES], 1);

function builtLayer(args: Partial<LSTMArgs> = {}): LSTM {
  const layer = lstm({ units: UNITS, ...args });
  layer.apply(input());
  randomizeWeights(layer, 5);
  return layer;
}

describe('An LSTM', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('can be built by hand, set and then applied', () => {
    const expected = builtLayer();
    const layer = lstm({ units: UNITS });
    layer.build([null, null, FEATURES]);
    layer.setWeights(expected.getWeights());
    expectClose(layer.apply(input()) as tf.Tensor, expected.apply(input()) as tf.Tensor, 0);
  });

  test('is built for sequences only, and not traced once it is disposed', () => {
    for (const shape of [undefined, 3, [2, 3]] as never[]) {
      expect(() => lstm({ units: UNITS }).build(shape)).toThrow(
        /^LSTM\.build: the input shape must be \[B, T, D\], got /,
      );
    }
    const layer = builtLayer({ name: 'memory' });
    layer.dispose();
    const x = input();
    expect(() => layer.trace(x)).toThrow("LSTM.trace: the layer must not be disposed (layer 'memory')");
    expect(() => layer.call(x)).toThrow("LSTM.call: the layer must not be disposed (layer 'memory')");
  });

  test('takes the weights it is constructed with', () => {
    const weights = builtLayer().getWeights();
    const layer = lstm({ units: UNITS, weights });
    layer.apply(input());
    expectAllClose(layer.getWeights(), weights, 0);
  });
});

import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';

const [TIMESTEPS, FEATURES, UNITS] = [5, 3, 4];
const FLAGS = { returnSequences: true, returnState: true, returnGates: true };

describe.each(NODE_BACKENDS)('On %s, an empty batch', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(['auto', false] as const)(
    'gives empty outputs, states and gates, from given states and with a mask too, useFused %p',
    (useFused) => {
      const layer = lstm({ units: UNITS, useFused, ...FLAGS });
      const x = tf.zeros([0, TIMESTEPS, FEATURES]);
      const initialState = [tf.zeros([0, UNITS]), tf.zeros([0, UNITS])];
      const sequences = Array(6).fill([0, TIMESTEPS, UNITS]);
      const expected = [sequences[0], [0, UNITS], [0, UNITS], ...sequences.slice(1)];
      for (const kwargs of [{}, { initialState, mask: tf.ones([0, TIMESTEPS]) }]) {
        const outputs = layer.apply(x, kwargs) as tf.Tensor[];
        expect(outputs.map(({ shape }) => shape)).toEqual(expected);
      }
    },
  );

  test('can be traced, all of it or some units', () => {
    const layer = lstm({ units: UNITS });
    layer.build([null, null, FEATURES]);
    const x = tf.zeros([0, TIMESTEPS, FEATURES]);
    expect(layer.trace(x).f.shape).toEqual([0, TIMESTEPS, UNITS]);
    expect(layer.trace(x, { units: [3, 1] }).f.shape).toEqual([0, TIMESTEPS, 2]);
  });

  test('draws no dropout, gives no gradient and leaves only its results behind', () => {
    const dropoutFunc = (ones: tf.Tensor) => tf.mul(ones, 2);
    const layer = lstm({ units: UNITS, ...FLAGS, dropout: 0.5, recurrentDropout: 0.5, dropoutFunc });
    layer.apply(randomTensor([2, TIMESTEPS, FEATURES], 1));
    const x = tf.zeros([0, TIMESTEPS, FEATURES]);
    const before = tf.memory().numTensors;
    const outputs = layer.apply(x, { training: true }) as tf.Tensor[];
    expect(tf.memory().numTensors).toBe(before + outputs.length);
    const { grads } = tf.variableGrads(() => {
      const [h, ...others] = layer.apply(x, { training: true }) as [tf.Tensor, ...tf.Tensor[]];
      return tf.addN([h, ...others].map((output) => tf.sum(output))) as tf.Scalar;
    });
    expect(Object.keys(grads)).toHaveLength(3);
    for (const gradient of Object.values(grads)) expectClose(gradient, tf.zeros(gradient.shape), 0);
  });
});

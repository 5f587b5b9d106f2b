import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { KINDS } from '../support/factories.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [TIMESTEPS, FEATURES, UNITS] = [5, 3, 4];
beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

test.each(KINDS)('A model moves a stateful LSTM of %s on once for each of its outputs', (_kind, make) => {
  const x = tf.input({ batchShape: [2, TIMESTEPS, FEATURES] });
  const layer = make.lstm({ units: UNITS, stateful: true, returnState: true }) as tf.RNN;
  const outputs = layer.apply(x) as tf.SymbolicTensor[];
  const model = tf.model({ inputs: x, outputs });
  randomizeWeights(model, 5);
  const input = randomTensor([2, TIMESTEPS, FEATURES], 1);
  model.predictOnBatch(input);
  const [h] = layer.states.map((state) => state.clone()) as [tf.Tensor];
  layer.resetStates();
  for (let output = 0; output < outputs.length; output++) layer.apply(input);
  expectClose(h, layer.states[0] as tf.Tensor);
});

test.each(KINDS)('No gradient with respect to its input gets through Masking, to an LSTM of %s', (_kind, make) => {
  const layers = [tf.layers.masking({ inputShape: [TIMESTEPS, FEATURES] }), make.lstm({ units: UNITS })];
  const model = tf.sequential({ layers });
  const loss = (x: tf.Tensor) => tf.sum(model.apply(x) as tf.Tensor);
  expect(() => tf.grad(loss)(randomTensor([2, TIMESTEPS, FEATURES], 1))).toThrow(/gradient function not found for Any/);
});

test("Bidirectional repeats outputs at masked steps, and with zeroOutputForMask has Keras's zeros there", () => {
  const mask = tf.tensor2d([[1, 1, 0, 1, 0]]);
  const masked = (zeroOutputForMask: boolean) => {
    const layer = lstm({ units: UNITS, returnSequences: true, zeroOutputForMask });
    const both = tf.layers.bidirectional({ layer, mergeMode: 'concat' });
    both.apply(tf.input({ shape: [TIMESTEPS, FEATURES] }));
    randomizeWeights(both, 5);
    const output = both.apply(randomTensor([1, TIMESTEPS, FEATURES], 1), { mask }) as tf.Tensor;
    return tf.slice(output, [0, 2, 0], [1, 1, 2 * UNITS]);
  };
  expectClose(masked(true), tf.zeros([1, 1, 2 * UNITS]), 0);
  expect(() => expectClose(masked(false), tf.zeros([1, 1, 2 * UNITS]))).toThrow('apart');
});

import * as tf from '@tensorflow/tfjs';
import { toBuiltIn, toExplicit } from '../../src/convert/index';
import { lstm, lstmCell } from '../../src/index';
import { NODE_BACKENDS, useBackend } from '../../tools/backends';
import { builtIn, dense, expectClose, predict, randomizeWeights, type Symbolic } from './support/models';

const CONVERSIONS = {
  toExplicit: { make: builtIn, makeCell: tf.layers.lstmCell, convert: toExplicit },
  toBuiltIn: { make: lstm, makeCell: lstmCell, convert: toBuiltIn },
};

describe.each(NODE_BACKENDS)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  describe.each(Object.entries(CONVERSIONS))('%s', (_name, { make, makeCell, convert }) => {
    const stateful = { stateful: true, returnSequences: true };

    const MODELS: Record<string, () => tf.LayersModel> = {
      'a stateful LSTM': () => tf.sequential({ layers: [make({ units: 4, ...stateful, batchInputShape: [2, 5, 3] })] }),
      'a stateful LSTM in a nested model': () => {
        const inner = tf.sequential({
          layers: [make({ units: 4, ...stateful, batchInputShape: [2, 5, 3] }), dense(2)],
        });
        const x = tf.input({ batchShape: [2, 5, 3] });
        return tf.model({ inputs: x, outputs: inner.apply(x) as Symbolic });
      },
      'a stateful bidirectional LSTM': () => {
        const layer = make({ units: 4, ...stateful });
        const x = tf.input({ batchShape: [2, 5, 3] });
        return tf.model({ inputs: x, outputs: tf.layers.bidirectional({ layer } as never).apply(x) as Symbolic });
      },
      'a stateful RNN of stacked cells, and a GRU': () => {
        const cell = [makeCell({ units: 4 }), makeCell({ units: 2 })] as tf.layers.RNNCell[];
        const x = tf.input({ batchShape: [2, 5, 3] });
        const h = tf.layers.rnn({ cell, ...stateful }).apply(x);
        return tf.model({ inputs: x, outputs: tf.layers.gru({ units: 2, stateful: true }).apply(h) as Symbolic });
      },
    };

    describe.each(Object.entries(MODELS))('%s', (_title, make) => {
      test('goes on from the states that the original has, each on its own', () => {
        const [model, uninterrupted] = [make(), make()];
        const inputs = [1, 2, 3].map((seed) => tf.randomNormal([2, 5, 3], 0, 1, 'float32', seed));
        const [first, second, third] = inputs.map((x) => [x]) as [tf.Tensor[], tf.Tensor[], tf.Tensor[]];
        for (const either of [model, uninterrupted]) {
          randomizeWeights(either);
          predict(either, first);
        }
        const copy = convert(model);
        const [afterwards, later] = [predict(uninterrupted, second), predict(uninterrupted, third)];
        expectClose(predict(copy, second), afterwards);
        expectClose(predict(copy, third), later);
        expectClose(predict(model, second), afterwards);
      });

      test('starts over from zeros after resetStates', () => {
        const model = make();
        randomizeWeights(model);
        const x = [tf.randomNormal([2, 5, 3], 0, 1, 'float32', 1)];
        const fromZeros = predict(model, x);
        const copy = convert(model);
        copy.resetStates();
        expectClose(predict(copy, x), fromZeros);
      });
    });
  });

  test('an explicit copy takes its states along when it is disposed', () => {
    const model = tf.sequential({ layers: [builtIn({ units: 4, stateful: true, batchInputShape: [2, 5, 3] })] });
    const before = tf.memory().numTensors;
    toExplicit(model).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

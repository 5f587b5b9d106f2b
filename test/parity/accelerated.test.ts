import * as tf from '@tensorflow/tfjs';
import { lastImplementation } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { accelerated } from '../support/accelerated.js';
import { expectAllClose } from '../support/close.js';
import { BUILT_IN } from '../support/factories.js';
import { CASE_FEATURES, CASE_UNITS, PAIRWISE_CASES, resultsOfCase, titleOf } from '../support/layer-cases.js';
import { randomizeWeights } from '../support/random.js';

/** Drops in a pattern of its own every time it is called: only the built-in's own order of draws gives its results. */
function countedDropout() {
  let drawn = 0;
  const draw = (ones: tf.Tensor, rate: number) => {
    drawn += 1;
    const pattern = tf.tidy(() => tf.mod(tf.range(drawn, drawn + ones.size), 3).reshape(ones.shape));
    return tf.mul(tf.mul(ones, pattern), 1 / (1 - rate));
  };
  return { draw, drawn: () => drawn };
}

describe.each(NODE_BACKENDS)('On %s, tf.layers.lstm computes what it did before it was accelerated', (backend) => {
  beforeAll(() => useBackend(backend));

  const cases = PAIRWISE_CASES.map((one) => [titleOf(one), one] as const);

  test.each(cases)('with %s', (_title, one) => {
    tf.tidy(() => {
      const runOnce = () => {
        const dropout = countedDropout();
        const layer = BUILT_IN.lstm({ units: CASE_UNITS, ...one.args, dropoutFunc: dropout.draw });
        layer.apply(tf.input({ shape: [null, CASE_FEATURES] }));
        randomizeWeights(layer, 1);
        const results = resultsOfCase(layer, one);
        return { ...results, drawn: dropout.drawn(), ranOn: lastImplementation(layer)?.name };
      };
      const [expected, received] = [runOnce(), accelerated(runOnce)];
      expect(expected.ranOn).toBeUndefined();
      expect(received.ranOn).toMatch(/^wasm-/);
      expect(received.drawn).toBe(expected.drawn);
      expectAllClose(received.outputs, expected.outputs);
      expectAllClose(received.inputGradients, expected.inputGradients);
      expectAllClose(received.weightGradients, expected.weightGradients);
    });
  });
});

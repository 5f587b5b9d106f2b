import * as tf from '@tensorflow/tfjs';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose } from '../support/close.js';
import {
  CASE_FEATURES,
  CASE_UNITS,
  type LayerCase,
  PAIRWISE_CASES,
  resultsOfCase,
  titleOf,
} from '../support/layer-cases.js';
import { MASK_KINDS } from '../support/masks.js';
import { twins } from '../support/twins.js';

const FOUR_COMBINATIONS: LayerCase[] = [false, true].flatMap((returnSequences) =>
  [false, true].flatMap((returnState) =>
    MASK_KINDS.map((mask) => ({ args: { returnSequences, returnState }, mask, states: 'by name' as const })),
  ),
);

/** Drops in a pattern that depends on the shape alone, and scales what is left unevenly. */
function patternedDropout(ones: tf.Tensor, rate: number): tf.Tensor {
  const pattern = tf.tidy(() => tf.mod(tf.range(0, ones.size), 3).reshape(ones.shape));
  return tf.mul(tf.mul(ones, pattern), 1 / (1 - rate));
}

describe.each(NODE_BACKENDS)('on %s, the explicit LSTM computes what tf.layers.lstm computes', (backend) => {
  beforeAll(() => useBackend(backend));

  const cases = [...FOUR_COMBINATIONS, ...PAIRWISE_CASES].map((one) => [titleOf(one), one] as const);

  test.each(cases)('with %s', (_title, one) => {
    tf.tidy(() => {
      const args = { units: CASE_UNITS, ...one.args, dropoutFunc: patternedDropout };
      const { builtIn, explicit } = twins(args, CASE_FEATURES);
      const [expected, received] = [resultsOfCase(builtIn, one), resultsOfCase(explicit, one)];
      expectAllClose(received.outputs, expected.outputs);
      expectAllClose(received.inputGradients, expected.inputGradients);
      expectAllClose(received.weightGradients, expected.weightGradients);
    });
  });
});

import * as tf from '@tensorflow/tfjs';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose } from '../support/close.js';
import {
  CASE_FEATURES,
  CASE_UNITS,
  MAIN_CASES,
  patternedDropout,
  resultsOfCase,
  titleOf,
} from '../support/layer-cases.js';
import { twins } from '../support/twins.js';

describe.each(NODE_BACKENDS)('on %s, the explicit LSTM computes what tf.layers.lstm computes', (backend) => {
  beforeAll(() => useBackend(backend));

  const cases = MAIN_CASES.map((one) => [titleOf(one), one] as const);

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

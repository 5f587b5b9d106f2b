import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { toExplicit } from '../../../src/convert/index.js';
import { traceModel } from '../../../src/inspect/index.js';
import { findLSTMs } from '../../../src/inspect/model/find-lstms.js';
import { useBackend } from '../../../tools/backends.js';
import { predict, randomInputs, randomizeWeights } from '../../convert/support/models.js';
import { someModel } from '../../convert/support/some-model.js';
import { expectReturnedOutputs, expectSameTraces, fingerprint } from '../support/traced.js';

beforeAll(() => useBackend('cpu'));

test('Any model shows what its LSTMs returned, the same for both kinds, and is left as it was', () => {
  fc.assert(
    fc.property(someModel, fc.integer({ min: 0, max: 1000 }), (make, seed) => {
      const builtIn = make();
      fc.pre(findLSTMs(builtIn).length > 0);
      tf.engine().startScope();
      randomizeWeights(builtIn, seed);
      const explicit = toExplicit(builtIn);
      const inputs = randomInputs(builtIn, seed);
      const [expected] = [builtIn, explicit].map((model) => {
        const outputs = predict(model, inputs);
        const before = fingerprint(model);
        const { numTensors } = tf.memory();
        for (const { trace } of traceModel(model, inputs)) trace.dispose();
        expect(tf.memory().numTensors).toBe(numTensors);
        expect(fingerprint(model)).toEqual(before);
        expect(predict(model, inputs)).toEqual(outputs);
        const traces = traceModel(model, inputs);
        expectReturnedOutputs(traces, model, inputs);
        return traces;
      });
      expectSameTraces(traceModel(explicit, inputs), expected!);
      tf.engine().endScope();
    }),
    { numRuns: 30 },
  );
}, 120000);

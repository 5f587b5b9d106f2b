import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { toBuiltIn, toExplicit } from '../../src/convert/index';
import { useBackend } from '../../tools/backends';
import {
  countLSTMs,
  expectClose,
  explicitJSON,
  predict,
  randomInputs,
  randomizeWeights,
  topology,
} from './support/models';
import { someModel } from './support/some-model';

beforeAll(() => useBackend('cpu'));

test('any model is converted and back', () => {
  fc.assert(
    fc.property(someModel, fc.integer({ min: 0, max: 1000 }), (make, seed) => {
      const model = make();
      randomizeWeights(model, seed);
      const inputs = randomInputs(model, seed);
      const expected = predict(model, inputs);
      const explicit = toExplicit(model);
      const back = toBuiltIn(explicit);
      for (const copy of [explicit, back]) expectClose(predict(copy, inputs), expected);
      expect(countLSTMs(explicit)).toEqual({ builtIn: 0, explicit: countLSTMs(model).builtIn });
      expect(JSON.parse(topology(explicit))).toEqual(explicitJSON(model));
      expect(topology(back)).toBe(topology(model));
      tf.dispose(inputs);
    }),
    { numRuns: 30 },
  );
}, 120000);

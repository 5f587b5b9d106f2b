import * as tf from '@tensorflow/tfjs';
import { toBuiltIn, toExplicit } from '../../src/convert/index';
import { NODE_BACKENDS, useBackend } from '../../tools/backends';
import { EXAMPLES } from './support/examples';
import {
  countLSTMs,
  expectClose,
  explicitJSON,
  predict,
  randomInputs,
  randomizeWeights,
  topology,
  weightValues,
} from './support/models';

describe.each(Object.entries(EXAMPLES))('%s', (_title, example) => {
  let model: tf.LayersModel;

  const build = () => {
    model = example();
    randomizeWeights(model);
  };

  describe.each(NODE_BACKENDS)('on %s', (backend) => {
    beforeAll(() => useBackend(backend));
    beforeEach(build);

    test('predicts the same in both directions, with every LSTM replaced', () => {
      const inputs = randomInputs(model);
      const expected = predict(model, inputs);
      const { builtIn } = countLSTMs(model);
      const explicit = toExplicit(model);
      expectClose(predict(explicit, inputs), expected);
      expect(countLSTMs(explicit)).toEqual({ builtIn: 0, explicit: builtIn });
      const back = toBuiltIn(explicit);
      expectClose(predict(back, inputs), expected);
      expect(countLSTMs(back)).toEqual({ builtIn, explicit: 0 });
    });
  });

  // What does not depend on how a backend computes.
  describe('in whatever backend', () => {
    beforeAll(() => useBackend('cpu'));
    beforeEach(build);

    test('keeps the JSON but for the class names, and all of it there and back', () => {
      const explicit = toExplicit(model);
      expect(JSON.parse(topology(explicit))).toEqual(explicitJSON(model));
      expect(topology(toBuiltIn(explicit))).toBe(topology(model));
    });

    test('keeps names, values and trainability of all weights', () => {
      const described = (of: tf.LayersModel) =>
        of.weights.map(({ originalName, shape, trainable }) => ({ originalName, shape, trainable }));
      const explicit = toExplicit(model);
      expect(described(explicit)).toEqual(described(model));
      expect(weightValues(explicit)).toEqual(weightValues(model));
      expect(explicit.trainableWeights.length).toBe(model.trainableWeights.length);
    });

    test('leaves the original alone, whatever becomes of the copy', () => {
      const inputs = randomInputs(model);
      const expected = predict(model, inputs);
      const before = topology(model);
      const explicit = toExplicit(model);
      randomizeWeights(explicit, 77);
      expect(predict(explicit, inputs)).not.toEqual(expected);
      explicit.dispose();
      expect(predict(model, inputs)).toEqual(expected);
      expect(topology(model)).toBe(before);
    });

    test('leaks nothing', () => {
      const explicit = toExplicit(model);
      const before = tf.memory().numTensors;
      const copies = [toExplicit(model), toBuiltIn(model), toBuiltIn(explicit), toExplicit(explicit)];
      const weights = new Set(model.weights).size;
      expect(tf.memory().numTensors).toBe(before + copies.length * weights);
      // tfjs leaves the weights of a layer behind that is called several times.
      for (const copy of copies) copy.dispose();
      const left = (tf.memory().numTensors - before) / copies.length;
      const beforeOriginal = tf.memory().numTensors;
      model.dispose();
      expect(left).toBeLessThanOrEqual(weights - (beforeOriginal - tf.memory().numTensors));
    });
  });
});

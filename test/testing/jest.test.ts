import * as tf from '@tensorflow/tfjs';
import 'explicit-lstm/testing/jest';
import { fixtureModel } from 'explicit-lstm/testing';
import { useBackend } from '../../tools/backends.js';
import { kerasFixture } from '../support/keras-fixtures.js';

beforeAll(() => useBackend('cpu'));

describe("the matchers, registered with Jest's global expect", () => {
  test('pass and fail, and do the opposite under .not', async () => {
    await expect(tf.ones([2])).toBeAllClose([1, 1]);
    await expect(tf.ones([2])).not.toBeAllClose([1, 2]);
    await expect(expect(tf.ones([2])).toBeAllClose([1, 2])).rejects.toThrow('1 of 2 numbers differ');
    await expect(expect(tf.ones([2])).not.toBeAllClose([1, 1])).rejects.toThrow('Expected some numbers to differ');
  });

  test('unwrap promises', async () => {
    await expect(Promise.resolve([1])).resolves.toBeAllClose(tf.ones([1]));
  });

  test('replay fixtures', async () => {
    const fixture = kerasFixture('returns-last');
    const model = fixtureModel(fixture);
    await expect(model).toReproduceFixture(fixture);
    model.weights[0]?.write(tf.zeros(model.weights[0].shape as number[]));
    await expect(model).not.toReproduceFixture(fixture);
    await expect(expect(model).toReproduceFixture(fixture)).rejects.toThrow('first differing gate: i at timestep 0');
  });
});

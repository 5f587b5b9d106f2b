import * as tf from '@tensorflow/tfjs';
import 'explicit-lstm/testing/vitest';
import { fixtureModel, loadFixture } from 'explicit-lstm/testing';
import { expect, test } from 'vitest';

test('tensors are compared', async () => {
  await expect(tf.ones([2])).toBeAllClose([1, 1]);
  await expect(tf.ones([2])).not.toBeAllClose([1, 2]);
  await expect(expect(tf.ones([2])).toBeAllClose([1, 2])).rejects.toThrow('1 of 2 numbers differ');
});

test('fixtures are replayed', async () => {
  const fixture = loadFixture('fixtures/keras/returns-last.json');
  const model = fixtureModel(fixture);
  await expect(model).toReproduceFixture(fixture);
  model.weights[0]?.write(tf.zeros([4, 20]));
  await expect(model).not.toReproduceFixture(fixture);
});

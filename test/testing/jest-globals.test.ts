import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import 'explicit-lstm/testing/jest-globals';
import { fixtureModel } from 'explicit-lstm/testing';
import { useBackend } from '../../tools/backends.js';
import { kerasFixture } from '../support/keras-fixtures.js';

beforeAll(() => useBackend('cpu'));

describe('the matchers, registered with the expect of @jest/globals', () => {
  test('pass and fail', async () => {
    await expect(tf.ones([2])).toBeAllClose([1, 1]);
    await expect(tf.ones([2])).not.toBeAllClose([1, 2]);
    await expect(expect(tf.ones([2])).toBeAllClose([1, 2])).rejects.toThrow('1 of 2 numbers differ');
    const fixture = kerasFixture('returns-last');
    await expect(fixtureModel(fixture)).toReproduceFixture(fixture);
  });
});

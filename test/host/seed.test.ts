import * as tf from '@tensorflow/tfjs';
import { hostSeed } from '../../src/host/seed.js';
import { useBackend } from '../../tools/backends.js';

const drawn = (seed: number | undefined, stream: string) =>
  tf.tidy(() => [...tf.randomNormal([20], 0, 1, 'float32', hostSeed(seed, stream)).dataSync()]);

test('What is drawn depends on the seed and the stream, also where the seed is 0', async () => {
  await useBackend('cpu');
  const all = [0, 1].flatMap((seed) => ['a', 'b'].map((stream) => drawn(seed, stream)));
  expect(all).toEqual([0, 1].flatMap((seed) => ['a', 'b'].map((stream) => drawn(seed, stream))));
  expect(new Set(all.map(String)).size).toBe(4);
});

test('Without a seed, something else is drawn each time', () => {
  expect(hostSeed(undefined, 'a')).toBeUndefined();
  expect(drawn(undefined, 'a')).not.toEqual(drawn(undefined, 'a'));
});

import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../src/core/tidy.js';
import { useBackend } from '../../tools/backends.js';

test('What survives is every tensor within the result, and nothing else', async () => {
  await useBackend('cpu');
  const before = tf.memory().numTensors;
  const result = tidy(() => {
    tf.ones([1]);
    return { list: [tf.ones([2])], none: null, method: () => 1, inner: { tensor: tf.ones([3]) } };
  });
  expect(tf.memory().numTensors - before).toBe(2);
  expect([result.list[0]?.isDisposed, result.inner.tensor.isDisposed]).toEqual([false, false]);
  tf.dispose([...result.list, result.inner.tensor]);
});

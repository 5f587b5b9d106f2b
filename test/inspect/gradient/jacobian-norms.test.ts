import * as tf from '@tensorflow/tfjs';
import { spectralNorms } from '../../../src/inspect/gradient/jacobian-norms.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';

describe.each(NODE_BACKENDS)('On %s, spectralNorms', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('are the largest stretches, whatever the rotation: of large and of tiny ones, of nearly equal ones', () => {
    const stretches = [
      [3, 2, 1],
      [1e8, 1, 0],
      [1e-9, 1e-10, 0],
      [1.0001, 1, 0.999],
      [2, 2, 2],
    ];
    const matrices = stretches.map((values, n) => {
      const [left, right] = [1, 2].map((seed) => tf.linalg.qr(randomTensor<tf.Rank.R2>([3, 3], 10 * n + seed))[0]);
      return tf.matMul(tf.mul(left!, tf.tensor1d(values)), right!);
    });
    const found = spectralNorms(tf.stack(matrices) as tf.Tensor3D);
    expectClose(tf.div(found, tf.tensor1d(stretches.map(([largest]) => largest!))), [1, 1, 1, 1, 1]);
  });

  test('are 0 for zeros, and NaN only where there is NaN', () => {
    const matrices = tf.stack([tf.zeros([4, 4]), tf.fill([4, 4], Number.NaN), tf.eye(4)]) as tf.Tensor3D;
    expect([...spectralNorms(matrices).dataSync()]).toEqual([0, Number.NaN, expect.closeTo(1, 5)]);
  });

  test('leave only themselves behind', () => {
    const matrices = randomTensor<tf.Rank.R3>([2, 3, 3], 1);
    const { numTensors } = tf.memory();
    spectralNorms(matrices).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

import * as tf from '@tensorflow/tfjs';
import {
  gradientOfBias,
  gradientOfInput,
  gradientOfKernel,
  gradientOfWeights,
  projectSequence,
} from '../../src/fused/products.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';

const [B, T, D, U] = [2, 3, 4, 5];
const x = () => randomTensor<tf.Rank.R3>([B, T, D], 1);
const kernel = () => randomTensor<tf.Rank.R2>([D, 4 * U], 2);
const bias = () => randomTensor<tf.Rank.R1>([4 * U], 3);
const dZ = () => randomTensor<tf.Rank.R2>([B * T, 4 * U], 4);

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe.each([0, 1, 4])('With %d dropout masks, the products over all timesteps', (count) => {
  const masks = () => Array.from({ length: count }, (_, n) => randomTensor<tf.Rank.R2>([B, D], 20 + n));

  /** Gate by gate, step by step: another way to the same. */
  function expected(input: tf.Tensor, weights: tf.Tensor, offsets: tf.Tensor | null): tf.Tensor {
    const dropoutMasks = masks();
    const gates = tf.split(weights, 4, 1).map((block, gate) => {
      const mask = dropoutMasks[gate] ?? dropoutMasks[0];
      const steps = tf
        .unstack(input, 1)
        .map((step) => tf.matMul(mask === undefined ? step : tf.mul(step, mask), block));
      return tf.stack(steps, 1);
    });
    const sum = tf.reshape(tf.concat(gates, 2), [B * T, 4 * U]);
    return offsets === null ? sum : tf.add(sum, offsets);
  }

  test('are x·W + b, with and without b', () => {
    for (const offsets of [bias(), null]) {
      const received = projectSequence({ x: x(), inputDropoutMasks: masks() }, kernel(), offsets);
      expectClose(received, expected(x(), kernel(), offsets));
    }
  });

  test('have the gradients of x, W and b', () => {
    const loss = (...given: tf.Tensor[]) => {
      const [input, weights, offsets] = given as [tf.Tensor, tf.Tensor, tf.Tensor];
      return tf.sum(tf.mul(expected(input, weights, offsets), dZ())) as tf.Scalar;
    };
    const [dX, dW, dB] = tf.grads(loss)([x(), kernel(), bias()]) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const inputs = { x: x(), inputDropoutMasks: masks() };
    expectClose(gradientOfInput(inputs, kernel(), dZ()), dX);
    expectClose(
      gradientOfKernel(inputs, dZ(), (rows) => rows),
      dW,
    );
    expectClose(tf.reshape(gradientOfBias(dZ()), [-1]), dB);
  });
});

test('Rows at masked steps are left out of the gradient of W as the caller says', () => {
  const masked = gradientOfKernel({ x: x(), inputDropoutMasks: [] }, dZ(), (rows) => tf.zerosLike(rows));
  expectClose(masked, tf.zeros([D, 4 * U]));
});

test('Each gate of a product has rows of its own where it has a dropout mask of its own', () => {
  const four = Array.from({ length: 4 }, () => tf.ones([B, D]));
  const rowsFor = (gate: number) => tf.fill([B * T, D], gate + 1);
  const sums = tf.split(tf.sum(dZ(), 0), 4).map((sum, gate) => tf.mul(sum, gate + 1));
  expectClose(gradientOfWeights(four, dZ(), rowsFor), tf.tile(tf.reshape(tf.concat(sums), [1, -1]), [D, 1]));
});

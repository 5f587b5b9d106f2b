import * as tf from '@tensorflow/tfjs';
import { expectClose } from './close.js';
import { randomTensor } from './random.js';
import { QR_OF_TFJS } from './set-up-tfjs.js';

const fastQR = tf.linalg.qr;

afterEach(() => {
  tf.linalg.qr = fastQR;
});

test('A tall matrix becomes a product of an orthonormal and a triangular one', () => {
  const x = randomTensor<tf.Rank.R2>([7, 3], 1);
  const [q, r] = fastQR(x) as [tf.Tensor2D, tf.Tensor2D];
  expectClose(tf.matMul(q, r), x);
  expectClose(tf.matMul(q, q, true), tf.eye(3));
  expectClose(tf.linalg.bandPart(r, 0, -1), r);
});

test.each([[[4, 16]], [[7, 3]], [[5, 5]]])('The orthogonal initializer draws what it drew before: of %j', (shape) => {
  const initializer = tf.initializers.orthogonal({ seed: 3, gain: 2 });
  const drawn = initializer.apply(shape);
  tf.linalg.qr = QR_OF_TFJS;
  expectClose(drawn, initializer.apply(shape));
});

test('Wide matrices, and several at once, are left to tfjs', () => {
  for (const shape of [
    [2, 5],
    [2, 3, 3],
  ]) {
    const x = randomTensor(shape, 2);
    const factors = [fastQR, QR_OF_TFJS].map((qr) => qr(x)[0] as tf.Tensor);
    expectClose(factors[0] as tf.Tensor, factors[1] as tf.Tensor, 0);
  }
});

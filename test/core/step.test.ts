import * as tf from '@tensorflow/tfjs';
import { lstmStep } from '../../src/core/step.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';

describe.each(NODE_BACKENDS)('On %s, a step', (backend) => {
  beforeAll(() => useBackend(backend));

  test('applies σ to i, f and o, and φ to g and to the new cell state', () => {
    tf.tidy(() => {
      const z = tf.tensor2d([[0.1, 0.2, 0.3, 0.4]]);
      const φ = (x: tf.Tensor2D) => tf.add(x, 10) as tf.Tensor2D;
      const σ = (x: tf.Tensor2D) => tf.mul(x, 2) as tf.Tensor2D;
      const step = lstmStep(z, tf.tensor2d([[5]]), { activation: φ, recurrentActivation: σ });
      expectClose(step.i, [0.2]);
      expectClose(step.f, [0.4]);
      expectClose(step.g, [10.3]);
      expectClose(step.o, [0.8]);
      expectClose(step.c, [0.4 * 5 + 0.2 * 10.3]);
      expectClose(step.h, [0.8 * (0.4 * 5 + 0.2 * 10.3 + 10)]);
    });
  });

  test('with a closed forget gate forgets everything, and with an open one and no input keeps everything', () => {
    tf.tidy(() => {
      const activations = { activation: tf.tanh, recurrentActivation: tf.sigmoid } as never;
      const c = tf.tensor2d([[3, -2]]);
      const forgotten = lstmStep(tf.tensor2d([[40, 40, -200, -200, 0.5, -0.5, 0, 0]]), c, activations);
      expectClose(forgotten.c, [Math.tanh(0.5), Math.tanh(-0.5)]);
      const kept = lstmStep(tf.tensor2d([[-200, -200, 40, 40, 0.5, -0.5, 0, 0]]), c, activations);
      expectClose(kept.c, [3, -2]);
    });
  });
});

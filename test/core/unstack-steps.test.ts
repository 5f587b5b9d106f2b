import * as tf from '@tensorflow/tfjs';
import { evenSizes, unstackSteps } from '../../src/core/unstack-steps.js';

describe('unstackSteps', () => {
  for (const timesteps of [1, 2, 3, 4, 5, 8, 30]) {
    const sequence = () => tf.reshape(tf.range(0, timesteps * 6), [timesteps, 2, 3]) as tf.Tensor3D;

    it(`returns the ${timesteps} timesteps in their order`, () => {
      tf.tidy(() => {
        const steps = unstackSteps(sequence()).map((step) => step.arraySync());
        expect(steps).toEqual(sequence().arraySync());
      });
    });

    it(`carries a gradient for each of ${timesteps} timesteps`, () => {
      tf.tidy(() => {
        const weighted = (x: tf.Tensor) => tf.addN(unstackSteps(x).map((step, t) => tf.mul(step, t + 1))).sum();
        const gradient = tf.grad(weighted)(sequence()) as tf.Tensor3D;
        expect(gradient.arraySync().map((step) => step[1]?.[2])).toEqual(
          [...Array(timesteps).keys()].map((t) => t + 1),
        );
      });
    });
  }

  it('keeps only what it returns', () => {
    const sequence = tf.zeros([30, 2, 3]);
    const before = tf.memory().numTensors;
    const steps = unstackSteps(sequence);
    expect(tf.memory().numTensors).toBe(before + 30);
    tf.dispose([sequence, ...steps]);
  });
});

test('Sizes are as even as can be, and add up to the whole', () => {
  expect(evenSizes(7, 3)).toEqual([2, 2, 3]);
  expect(evenSizes(6, 3)).toEqual([2, 2, 2]);
  expect(evenSizes(1, 1)).toEqual([1]);
});

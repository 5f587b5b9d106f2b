import * as tf from '@tensorflow/tfjs';
import { hasFlatEnds, staysWithin } from '../../src/core/activations.js';
import { HardSigmoidKeras3 } from '../../src/layers/hard-sigmoid-keras3.js';

const WIDE = tf.range(-40, 40, 0.25);

/** The least and the largest value far out, and the slope there, of tfjs's own function. */
function ends(name: string): { least: number; most: number; slope: number } {
  const apply = (x: tf.Tensor): tf.Tensor => {
    if (name === HardSigmoidKeras3.className) return new HardSigmoidKeras3().apply(x);
    return tf.layers.activation({ activation: name as 'tanh' }).apply(x) as tf.Tensor;
  };
  return tf.tidy(() => {
    const values = [...apply(WIDE).dataSync()];
    const [near, nearer] = apply(tf.tensor1d([3.25, 3.5])).dataSync() as unknown as [number, number];
    return { least: Math.min(...values), most: Math.max(...values), slope: nearer - near };
  });
}

afterAll(() => WIDE.dispose());

const NAMES = ['tanh', 'softsign', 'sigmoid', 'hardSigmoid', 'hardSigmoidKeras3', 'relu', 'linear'];

test.each(NAMES)('%s stays within the bounds that it does stay within, and is flat where it is', (name) => {
  const { least, most, slope } = ends(name);
  expect(staysWithin(name, [-1, 1])).toBe(least >= -1 && most <= 1);
  expect(staysWithin(name, [0, 1])).toBe(least >= 0 && most <= 1);
  expect(staysWithin(name, [0, 0.5])).toBe(false);
  expect(hasFlatEnds(name)).toBe(slope === 0);
});

test("Of a user's own activation nothing is known", () => {
  expect(staysWithin('mine', [-1e9, 1e9])).toBe(false);
  expect(hasFlatEnds('mine')).toBe(false);
});

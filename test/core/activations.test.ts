import * as tf from '@tensorflow/tfjs';
import { ACTIVATIONS, type ActivationName, hasFlatEnds, staysWithin } from '../../src/core/activations.js';
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

const ALL = Object.keys(ACTIVATIONS) as ActivationName[];
/** With all kinks, and what overflows. */
const EVERYWHERE = [-1e4, -100, -6, -3, -2.5, -1, -0.3, 0, 0.7, 2.5, 3, 4.2, 6, 8.5, 100, 1e4];

test.each(ALL)("%s and its derivative are tfjs's own, at kinks too", async (name) => {
  await tf.setBackend('cpu');
  const { value, slope } = ACTIVATIONS[name];
  const apply = (x: tf.Tensor): tf.Tensor => {
    if (name === HardSigmoidKeras3.className) return new HardSigmoidKeras3().apply(x);
    return tf.layers.activation({ activation: name as 'tanh' }).apply(x) as tf.Tensor;
  };
  tf.tidy(() => {
    const x = tf.tensor1d(EVERYWHERE);
    const [values, slopes] = [
      apply(x).dataSync(),
      tf
        .grad((at) => tf.sum(apply(at)))(x)
        .dataSync(),
    ];
    for (const [n, at] of EVERYWHERE.entries()) {
      expect(Math.abs((values[n] as number) - value(at))).toBeLessThan(1e-6 * Math.max(1, Math.abs(at)));
      // Its own derivative of x³ overflows.
      if (name === 'gelu_new' && Math.abs(at) > 1000) continue;
      expect(Math.abs((slopes[n] as number) - slope(at))).toBeLessThan(1e-5);
    }
  });
});

test.each(ALL)('The derivative of %s is the slope of its values, which stay in its range', (name) => {
  const { value, slope, range } = ACTIVATIONS[name];
  for (let x = -9.9937; x < 10; x += 0.0913) {
    expect(Math.abs((value(x + 1e-5) - value(x - 1e-5)) / 2e-5 - slope(x))).toBeLessThan(1e-8);
    expect(value(x)).toBeGreaterThanOrEqual(range[0]);
    expect(value(x)).toBeLessThanOrEqual(range[1]);
  }
});

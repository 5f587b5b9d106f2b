import * as tf from '@tensorflow/tfjs';
import type { Shape } from './shapes.js';

/** An LSTM's weights and an input, as plain numbers, so that every backend and runtime gets the same ones. */
export interface Values {
  /** [B, T, D] */
  x: Float32Array;
  /** [D, 4U], blocks i, f, g, o */
  kernel: Float32Array;
  /** [U, 4U] */
  recurrentKernel: Float32Array;
  /** [4U] */
  bias: Float32Array;
}

/** Random values, the same for every call with a shape, scaled so that gates neither saturate nor stay at their middle. */
export function drawValues({ batch, timesteps, features, units }: Shape): Values {
  return {
    x: draw([batch, timesteps, features], 1, 1),
    kernel: draw([features, 4 * units], features ** -0.5, 2),
    recurrentKernel: draw([units, 4 * units], units ** -0.5, 3),
    bias: draw([4 * units], 1, 4),
  };
}

const drawn = new Map<string, Float32Array>();

// Kept, for tfjs needs seconds for the largest.
function draw(shape: number[], deviation: number, seed: number): Float32Array {
  const key = `${shape}/${deviation}/${seed}`;
  let values = drawn.get(key);
  if (values === undefined) {
    values = tf.tidy(() => tf.randomNormal(shape, 0, deviation, 'float32', seed).dataSync<'float32'>().slice());
    drawn.set(key, values);
  }
  return values;
}

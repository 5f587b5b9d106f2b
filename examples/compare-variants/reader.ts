import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import { randomNumbers } from '../../tools/random-numbers.js';
import { CLASSES } from '../read-digits/digits.js';
import type { Contestant } from './contestants.js';

/** Rows of a digit, each one timestep, and pixels of a row, each one feature. */
export const SIZE = 10;

/** A cell that reads a digit row by row, and a dense layer that says which one it was; the caller disposes it. */
export function makeReader({ makeCell }: Contestant, units: number): tf.LayersModel {
  const input = tf.input({ shape: [SIZE, SIZE] });
  const cell = makeCell(units);
  const read = lstm({ cell }).apply(input) as tf.SymbolicTensor;
  const verdict = tf.layers.dense({ units: CLASSES, activation: 'softmax' }).apply(read) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: verdict });
}

/** The number of units that brings a reader's number of weights closest to a budget, and that number. */
export function fitUnits(
  { makeCell, unitsAtATime = 1 }: Contestant,
  budget: number,
): { units: number; weights: number } {
  let best = { units: 0, weights: 0 };
  for (let units = unitsAtATime; ; units += unitsAtATime) {
    const ofCell = makeCell(units).weightFacts.map(({ shape }) => tf.util.sizeFromShape(shape(SIZE, units)));
    const weights = ofCell.reduce((sum, count) => sum + count) + (units + 1) * CLASSES;
    if (Math.abs(weights - budget) < Math.abs(best.weights - budget)) best = { units, weights };
    if (weights > budget) return best;
  }
}

/** Draws each matrix of a model anew, with a standard deviation of 0.1 as Greff et al. do. Biases and the like stay as they are. */
export function drawMatrices(model: tf.LayersModel, seed: number): void {
  const next = randomNumbers(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  tf.tidy(() => {
    const drawn = model.getWeights().map((weight) => {
      if (isVector(weight)) return weight;
      return tf.tensor(
        Float32Array.from({ length: weight.size }, () => 0.1 * normal()),
        weight.shape,
      );
    });
    model.setWeights(drawn);
  });
}

/** The bias of the GRU has two rows. */
function isVector({ rank, shape }: tf.Tensor): boolean {
  return rank < 2 || shape[0] === 2;
}

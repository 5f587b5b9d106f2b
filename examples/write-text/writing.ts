import * as tf from '@tensorflow/tfjs';
import { oneHotSequences } from './batches.js';
import type { Alphabet } from './text.js';

export interface WritingPlan {
  /** What the text begins with; at least one character. */
  opening: string;
  /** How many characters to write after it. */
  characters: number;
  /** Below 1 the likelier characters are drawn more often than the model says. */
  temperature: number;
  seed: number;
}

/**
 * Writes a text character by character.
 *
 * @param pen A model from `[1, 1, V]` to `[1, 1, V]` that remembers what came before; its states are reset first.
 * @returns The opening and what follows it.
 */
export async function write(pen: tf.LayersModel, alphabet: Alphabet, plan: WritingPlan): Promise<string> {
  const { opening, characters, temperature, seed } = plan;
  const fractions = tf.tidy(() => tf.randomUniform([characters], 0, 1, 'float32', seed).dataSync());
  pen.resetStates();
  let probabilities: Float32Array = new Float32Array();
  const written = alphabet.encode(opening);
  for (const number of written) probabilities = await after(pen, number, alphabet.size);
  for (const fraction of fractions) {
    const number = draw(probabilities, temperature, fraction);
    written.push(number);
    probabilities = await after(pen, number, alphabet.size);
  }
  return alphabet.decode(written);
}

/** The probabilities of what comes after one more character. */
async function after(pen: tf.LayersModel, number: number, alphabetSize: number): Promise<Float32Array> {
  const answer = tf.tidy(() => {
    const x = oneHotSequences(tf.tensor2d([[number]], [1, 1], 'int32'), alphabetSize);
    return pen.predictOnBatch(x) as tf.Tensor;
  });
  const probabilities = (await answer.data()) as Float32Array;
  answer.dispose();
  return probabilities;
}

/**
 * Draws one of several events.
 *
 * @param fraction From 0 to 1: how far along the line on which every event takes up as much as it is likely.
 */
export function draw(probabilities: ArrayLike<number>, temperature: number, fraction: number): number {
  // Of the likeliest, so that the powers of all do not vanish at a low temperature.
  const likeliest = Math.max(...Array.from(probabilities));
  const weights = Array.from(probabilities, (probability) => (probability / likeliest) ** (1 / temperature));
  let left = fraction * weights.reduce((sum, weight) => sum + weight, 0);
  const drawn = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return drawn === -1 ? weights.length - 1 : drawn;
}

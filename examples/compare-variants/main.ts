// Trains every cell on real digits, each with as many weights, from several seeds; writes results.json beside this file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { type NodeBackend, useBackend } from '../../tools/backends.js';
import { type Digit, loadDigits, PIXELS, splitDigits, toLabels } from '../read-digits/digits.js';
import { CONTESTANTS, type Contestant } from './contestants.js';
import { drawMatrices, fitUnits, makeReader, SIZE } from './reader.js';

const BACKEND: NodeBackend = 'wasm';
/** Weights of a whole model. */
const BUDGET = 3000;
const COUNTS = { training: 1500, validation: 1000, test: 2000 };
const EPOCHS = 10;
const BATCH = 100;
/** One is chosen for each cell, on the validation digits. */
const LEARNING_RATES = [0.01, 0.03];
const SEED_OF_CHOICE = 100;
const SEEDS = [1, 2, 3, 4, 5];
const RESULTS = new URL('./results.json', import.meta.url);

interface Scores {
  /** Percent of the digits that are read wrongly. */
  error: number;
  /** The mean crossentropy. */
  loss: number;
}

/** What came of one cell. */
interface Result {
  name: string;
  units: number;
  weights: number;
  /** Of the seed that the learning rate was chosen with, on the validation digits, by learning rate. */
  validation: Record<string, Scores>;
  learningRate: number;
  /** On the test digits, by seed. */
  test: Scores[];
}

interface Digits {
  x: tf.Tensor3D;
  labels: tf.Tensor1D;
}

function digitsOf(digits: readonly Digit[]): Digits {
  const rows = digits.flatMap(({ pixels }) => halved(pixels));
  return { x: tf.tensor3d(rows, [digits.length, SIZE, SIZE]), labels: toLabels(digits) };
}

/** The middle of a digit, beyond which there is no ink, at half its size: the mean of each 2 x 2 pixels. */
function halved(pixels: readonly number[]): number[] {
  const margin = (PIXELS - 2 * SIZE) / 2;
  return Array.from({ length: SIZE * SIZE }, (_, n) => {
    const corner = (margin + 2 * Math.floor(n / SIZE)) * PIXELS + margin + 2 * (n % SIZE);
    const four = [corner, corner + 1, corner + PIXELS, corner + PIXELS + 1].map((at) => pixels[at] as number);
    return four.reduce((sum, pixel) => sum + pixel) / 4;
  });
}

async function trainAndScore(
  contestant: Contestant,
  units: number,
  { learningRate, seed }: { learningRate: number; seed: number },
  training: Digits,
  held: Digits,
): Promise<Scores> {
  const model = makeReader(contestant, units);
  drawMatrices(model, seed);
  const optimizer = tf.train.adam(learningRate);
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  await model.fit(training.x, training.labels, { epochs: EPOCHS, batchSize: BATCH, shuffle: false, verbose: 0 });
  const scores = model.evaluate(held.x, held.labels, { batchSize: 500 }) as tf.Scalar[];
  const [loss, accuracy] = scores.map((score) => score.dataSync()[0] as number) as [number, number];
  tf.dispose(scores);
  model.dispose();
  optimizer.dispose();
  return { error: 100 * (1 - accuracy), loss };
}

function rounded({ error, loss }: Scores): Scores {
  return { error: Number(error.toFixed(2)), loss: Number(loss.toFixed(4)) };
}

async function compare(contestant: Contestant, training: Digits, validation: Digits, test: Digits): Promise<Result> {
  const { units, weights } = fitUnits(contestant, BUDGET);
  const chosen: Record<string, Scores> = {};
  for (const learningRate of LEARNING_RATES) {
    const run = { learningRate, seed: SEED_OF_CHOICE };
    chosen[learningRate] = rounded(await trainAndScore(contestant, units, run, training, validation));
  }
  const lossOf = (learningRate: number) => {
    const { loss } = chosen[learningRate] as Scores;
    return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
  };
  const [learningRate] = [...LEARNING_RATES].sort((a, b) => lossOf(a) - lossOf(b)) as [number];
  const scores: Scores[] = [];
  for (const seed of SEEDS) {
    scores.push(rounded(await trainAndScore(contestant, units, { learningRate, seed }, training, test)));
  }
  return { name: contestant.name, units, weights, validation: chosen, learningRate, test: scores };
}

await useBackend(BACKEND);
const { training, heldBack } = splitDigits(
  loadDigits(),
  { training: COUNTS.training, heldBack: COUNTS.validation + COUNTS.test },
  1,
);
const sets = [training, heldBack.slice(0, COUNTS.validation), heldBack.slice(COUNTS.validation)].map(digitsOf);
const named = process.argv.slice(2);
const known = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as { results: Result[] }).results : [];
const setup = { budget: BUDGET, ...COUNTS, epochs: EPOCHS, batch: BATCH, seeds: SEEDS };
for (const contestant of CONTESTANTS.filter(({ name }) => named.length === 0 || named.includes(name))) {
  const started = Date.now();
  const result = await compare(contestant, ...(sets as [Digits, Digits, Digits]));
  const errors = result.test.map(({ error }) => error.toFixed(1)).join(' ');
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${result.name}: ${result.units} units, ${result.weights} weights, ${errors} % wrong (${seconds} s)`);
  const at = known.findIndex(({ name }) => name === result.name);
  known.splice(at < 0 ? known.length : at, at < 0 ? 0 : 1, result);
  writeFileSync(
    RESULTS,
    `${JSON.stringify({ command: 'npm run compare-variants', setup, results: known }, null, 2)}\n`,
  );
}

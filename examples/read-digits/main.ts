import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { type NodeBackend, useBackend, useFastestBackend } from '../../tools/backends.js';
import { type Digit, loadDigits, splitDigits, toLabels, toSequences } from './digits.js';
import { drawReading, drawUnits } from './gates-in-the-terminal.js';
import { buildDigitReader, type DigitReader } from './model.js';
import { HELP, type Options, parseOptions } from './options.js';
import { withSavedCopy } from './saving.js';
import { type TrainingPlan, train } from './training.js';
import { forgetGateByInk, watchReading } from './watching.js';

const SEED = 1;
const COUNTS = { training: 6500, heldBack: 2000 };
const PLAN: TrainingPlan = { epochs: 2, batchSize: 32, learningRate: 0.01 };
const REQUIRED_ACCURACY = 0.9;
/** The width to draw for if the output is not a terminal. */
const DEFAULT_COLUMNS = 100;

async function main(options: Options): Promise<void> {
  const started = Date.now();
  await startBackend(options.backend);
  const tensorsBefore = tf.memory().numTensors;
  const { training, heldBack } = splitDigits(loadDigits(), COUNTS, SEED);
  const reader = buildDigitReader(SEED);
  describeShapes(reader);
  await trainReader(reader, training);
  const x = toSequences(heldBack);
  const answers = predict(reader.model, x);
  const right = await reportAccuracy(answers, heldBack);
  const shown = options.digit ?? right.indexOf(true);
  await showGates(reader, heldBack[shown] as Digit, shown);
  await reportSaving(reader, x, answers);
  tf.dispose([x, answers]);
  reader.model.dispose();
  const left = tf.memory().numTensors - tensorsBefore;
  console.log(`\nDone in ${((Date.now() - started) / 1000).toFixed(0)} s; ${left} tensors left in memory.`);
}

async function startBackend(wanted: NodeBackend | undefined): Promise<void> {
  // Keeps tfjs from advertising tfjs-node on the other backends.
  tf.enableProdMode();
  const backend = wanted ?? (await useFastestBackend());
  if (wanted !== undefined) await useBackend(wanted);
  console.log(`TensorFlow.js ${tf.version.tfjs} on the backend '${backend}'.`);
}

function describeShapes({ model, memory }: DigitReader): void {
  model.build();
  const shapeOf = (index: number) => `[${memory.getWeights()[index]?.shape.join(', ')}]`;
  const { units } = memory.cell;
  const [features] = memory.cell.kernel.shape as [number];
  console.log(`
An LSTM reads a digit of 28 rows from top to bottom; each row of pixels is one timestep.
  x_t               ${features} features, the pixels of row t
  h_t and c_t       ${units} units each: its output and its memory
  [x_t, h_(t-1)]    ${features} + ${units} = ${features + units} rows of weights for each of the four gates
  kernel            ${shapeOf(0)}, from x_t to the gates i, f, g, o: 4 x ${units} columns
  recurrent kernel  ${shapeOf(1)}, from h_(t-1) to the same
  bias              ${shapeOf(2)}`);
}

async function trainReader({ model, memory }: DigitReader, digits: Digit[]): Promise<void> {
  console.log(`\nTraining on ${digits.length} handwritten digits for ${PLAN.epochs} epochs.`);
  const [x, labels] = [toSequences(digits), toLabels(digits)];
  const started = Date.now();
  await train(model, x, labels, PLAN);
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  console.log(`That took ${seconds} s; the last batch ran on ${memory.lastImplementation?.name}.`);
  tf.dispose([x, labels]);
}

/** The probabilities of the ten digits, [B, 10]; the caller disposes it. */
function predict(model: tf.LayersModel, x: tf.Tensor3D): tf.Tensor2D {
  return model.predict(x, { batchSize: 250 }) as tf.Tensor2D;
}

/** Returns for each digit whether the answer is right. */
async function reportAccuracy(answers: tf.Tensor2D, digits: Digit[]): Promise<boolean[]> {
  const said = tf.tidy(() => tf.argMax(answers, 1).dataSync());
  const right = digits.map(({ label }, index) => said[index] === label);
  const accuracy = right.filter(Boolean).length / digits.length;
  console.log(`It reads ${(100 * accuracy).toFixed(2)} % of ${digits.length} held-back digits correctly.`);
  if (accuracy < REQUIRED_ACCURACY) {
    throw new Error(`the accuracy must be at least ${REQUIRED_ACCURACY}, got ${accuracy}`);
  }
  return right;
}

async function showGates(reader: DigitReader, digit: Digit, index: number): Promise<void> {
  const reading = await watchReading(reader, digit);
  const columns = process.stdout.isTTY ? process.stdout.columns : DEFAULT_COLUMNS;
  const { ink, blank } = forgetGateByInk(reading.rows);
  console.log(`
What the gates do while it reads held-back digit ${index}, a ${digit.label}
(means over its ${reading.units.length} units):

${drawReading(reading, columns)}

i is how much of the row is written to memory, f how much of the memory is kept, and o how
much of it is shown; a full bar is 1. c is the memory, and h what is shown of it: |c| and |h|
are their mean sizes, and a full bar is the largest. "It says" is what it would answer if the
image ended with this row. The mean of f is ${ink.toFixed(2)} at rows with ink and ${blank.toFixed(2)} at blank ones.

The means hide what single units do. These are the units whose forget gate changed most;
▁ forgets everything, █ keeps everything:

${drawUnits(reading, 6)}`);
}

async function reportSaving({ model }: DigitReader, x: tf.Tensor3D, answers: tf.Tensor2D): Promise<void> {
  await withSavedCopy(model, async (copy, folder) => {
    const files = (await readdir(folder)).map(
      async (name) => `${name} (${(await stat(join(folder, name))).size} bytes)`,
    );
    console.log(`\nSaved as ${(await Promise.all(files)).join(' and ')}, and loaded again.`);
    const difference = tf.tidy(() => tf.max(tf.abs(tf.sub(answers, predict(copy, x)))));
    const [largest] = await difference.data();
    difference.dispose();
    console.log(`Largest difference between the predictions before and after: ${largest}`);
    if (largest !== 0) throw new Error(`the loaded model must predict the same, got a difference of ${largest}`);
  });
}

try {
  const options = parseOptions(process.argv.slice(2), COUNTS.heldBack);
  if (options.help) console.log(HELP);
  else await main(options);
} catch (error) {
  console.error(`read-digits: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}

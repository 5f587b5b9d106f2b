import * as tf from '@tensorflow/tfjs';
import { SingleBar } from 'cli-progress';
import { accelerateBuiltIn, lastImplementation, lstm } from '../../src/index.js';
import { type NodeBackend, useBackend, useFastestBackend } from '../../tools/backends.js';
import { type Contender, drawComparison, median, requireSameLosses } from './comparing.js';
import { buildPen, buildWriter, type MakeLSTM, type WriterSizes } from './model.js';
import { HELP, type Options, parseOptions } from './options.js';
import { Alphabet, loadNovel, wrapped } from './text.js';
import { type Lesson, type Training, train } from './training.js';
import { write } from './writing.js';

const SEED = 1;
const BATCH = { batch: 32, timesteps: 50 };
const LEARNING_RATE = 0.01;
const STEPS_TO_COMPARE: Record<NodeBackend, number> = { tensorflow: 20, wasm: 10, cpu: 4 };
const WRITING = { opening: 'The whale ', temperature: 0.6, seed: SEED };
const COLUMNS = 78;

async function main(options: Options): Promise<void> {
  const started = performance.now();
  const backend = await startBackend(options.backend);
  const tensorsBefore = tf.memory().numTensors;
  const novel = loadNovel();
  const alphabet = new Alphabet(novel);
  const sizes: WriterSizes = { alphabet: alphabet.size, units: options.units };
  const shape = { alphabetSize: alphabet.size, shape: BATCH };
  const lesson: Lesson = {
    text: Int32Array.from(alphabet.encode(novel)),
    ...shape,
    learningRate: LEARNING_RATE,
    seed: SEED,
  };
  describe(novel, sizes);
  const steps = options.compare ?? STEPS_TO_COMPARE[backend];
  console.log(`\nTraining three times for ${steps} steps, from the same weights and on the same batches:`);
  const model = await compare(sizes, lesson, steps);
  await trainOn(model, lesson, options.steps);
  await show(model, alphabet, sizes, options.characters);
  model.dispose();
  const left = tf.memory().numTensors - tensorsBefore;
  console.log(`\nDone in ${((performance.now() - started) / 1000).toFixed(0)} s; ${left} tensors left in memory.`);
}

async function startBackend(wanted: NodeBackend | undefined): Promise<NodeBackend> {
  // Keeps tfjs from advertising tfjs-node on the other backends.
  tf.enableProdMode();
  const backend = wanted ?? (await useFastestBackend());
  if (wanted !== undefined) await useBackend(wanted);
  const patience = backend === 'cpu' ? ' It is the slowest one; --steps 50 takes a minute or two.' : '';
  console.log(`TensorFlow.js ${tf.version.tfjs} on the backend '${backend}'.${patience}`);
  return backend;
}

function describe(novel: string, { alphabet, units }: WriterSizes): void {
  console.log(`
Moby-Dick has ${novel.length} characters, of ${alphabet} kinds. Two LSTMs of ${units} units read ${BATCH.batch} windows of
${BATCH.timesteps} characters per step, and guess the next character after each.`);
}

/** Trains in each of the three ways, and returns the last model. */
async function compare(sizes: WriterSizes, lesson: Lesson, steps: number): Promise<tf.LayersModel> {
  const builtIn: MakeLSTM = (args) => tf.layers.lstm(args);
  const plain = await contend('tf.layers.lstm', builtIn, sizes, lesson, steps);
  const undo = accelerateBuiltIn();
  const accelerated = await contend('accelerateBuiltIn()', builtIn, sizes, lesson, steps);
  undo();
  const explicit = await contend('lstm', lstm, sizes, lesson, steps);
  const contenders = [plain, accelerated, explicit] as const;
  console.log(drawComparison(contenders));
  requireSameLosses(contenders);
  for (const { model } of [plain, accelerated]) model.dispose();
  return explicit.model;
}

async function contend(
  name: string,
  makeLSTM: MakeLSTM,
  sizes: WriterSizes,
  lesson: Lesson,
  steps: number,
): Promise<Contender & { model: tf.LayersModel }> {
  const model = buildWriter(makeLSTM, sizes, SEED);
  const training = await trainWithBar(name, model, lesson, steps);
  const ranOn = lastImplementation(model.layers[0] as tf.layers.Layer)?.name ?? 'tfjs ops';
  return { name, ranOn, model, ...training };
}

async function trainOn(model: tf.LayersModel, lesson: Lesson, steps: number): Promise<void> {
  if (steps === 0) return;
  const { losses } = await trainWithBar('lstm', model, { ...lesson, seed: SEED + 1 }, steps);
  console.log(
    `\nThe last one was trained for ${steps} more steps, to a loss of ${median(losses.slice(-20)).toFixed(3)}.`,
  );
}

/** cli-progress shows a bar if there is a terminal. */
async function trainWithBar(name: string, model: tf.LayersModel, lesson: Lesson, steps: number): Promise<Training> {
  const bar = new SingleBar({
    format: `  ${name} [{bar}] step {value}/{total}, loss {loss}, {eta} s left`,
    barsize: 16,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(steps, 0, { loss: '-' });
  const training = await train(model, lesson, steps, (loss) => bar.increment({ loss: loss.toFixed(3) }));
  bar.stop();
  return training;
}

async function show(model: tf.LayersModel, alphabet: Alphabet, sizes: WriterSizes, characters: number): Promise<void> {
  const pen = buildPen(lstm, sizes, model.getWeights());
  const started = performance.now();
  const text = await write(pen, alphabet, { ...WRITING, characters });
  const milliseconds = (performance.now() - started) / (WRITING.opening.length + characters);
  console.log(`It writes, at ${milliseconds.toFixed(2)} ms per character:\n\n${wrapped(text, COLUMNS)}`);
  pen.dispose();
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else await main(options);
} catch (error) {
  console.error(`write-text: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}

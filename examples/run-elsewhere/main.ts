import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { writeOnnx } from '../../src/convert/index.js';
import { KERAS_DEFAULTS, lstm } from '../../src/index.js';
import { useFastestBackend } from '../../tools/backends.js';
import {
  CLASSES,
  type Digit,
  loadDigits,
  PIXELS,
  ROWS,
  splitDigits,
  toLabels,
  toSequences,
} from '../read-digits/digits.js';

const SEED = 1;
const BATCH = 100;
/** Each way runs so often, and the fastest run counts: whatever else the machine does makes one slower. */
const RUNS = 5;

/** Trains a model here, writes it as ONNX, and reads digits with it in ONNX Runtime, batch after batch and side by side. */
async function main(): Promise<void> {
  tf.enableProdMode();
  const backend = await useFastestBackend();
  console.log(`Training on the backend '${backend}'.`);
  const { training, heldBack } = splitDigits(loadDigits(), { training: 1000, heldBack: 2000 }, SEED);
  const model = await train(training);
  const bytes = writeOnnx(model);
  console.log(`The model as an ONNX file: ${(bytes.length / 1024).toFixed(0)} KB.`);

  const [x, labels] = tf.tidy(() => [toSequences(heldBack), toLabels(heldBack).dataSync()]);
  const expected = tf.tidy(() => (model.predict(x, { batchSize: BATCH }) as tf.Tensor).dataSync() as Float32Array);
  const batches = toBatches(x);
  console.log(`\n${heldBack.length} digits in batches of ${BATCH}, the fastest of ${RUNS} runs:\n`);

  const here = await fastest(async () => {
    tf.tidy(() => (model.predict(x, { batchSize: BATCH }) as tf.Tensor).dataSync());
  });
  console.log(line(`this package, backend '${backend}'`, here, heldBack.length));

  const cores = availableParallelism();
  const ways = [
    { sessions: 1, threads: 1 },
    { sessions: 1, threads: cores },
    { sessions: cores, threads: 1 },
  ];
  for (const { sessions, threads } of cores === 1 ? ways.slice(0, 1) : ways) {
    const runtime = await openSessions(bytes, sessions, threads);
    let answers = new Float32Array(0);
    const seconds = await fastest(async () => {
      answers = await runSideBySide(runtime, batches);
    });
    requireAgreement(answers, expected);
    const name = `ONNX Runtime, ${count(sessions, 'session')} of ${count(threads, 'thread')}`;
    console.log(line(name, seconds, heldBack.length));
    for (const session of runtime) await session.release();
  }
  const read = labels.filter((label, n) => label === best(expected.subarray(CLASSES * n, CLASSES * (n + 1)))).length;
  console.log(
    `\nAll of them agree to 5 decimals; ${((100 * read) / labels.length).toFixed(1)}% of the digits are read right.`,
  );
  console.log(`This machine has ${count(cores, 'core')}: more sessions than that would wait for each other.`);
  x.dispose();
  model.dispose();
}

async function train(digits: Digit[]): Promise<tf.Sequential> {
  const seeded = (offset: number) => tf.initializers.glorotUniform({ seed: SEED + offset });
  const weights = { kernelInitializer: seeded(0), recurrentInitializer: seeded(1) };
  const model = tf.sequential({
    layers: [
      lstm({ ...KERAS_DEFAULTS, ...weights, units: 32, inputShape: [ROWS, PIXELS], name: 'reader' }),
      tf.layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer: seeded(2) }),
    ],
  });
  const optimizer = tf.train.adam(0.02);
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' });
  const [x, labels] = [toSequences(digits), toLabels(digits)];
  await model.fit(x, labels, { epochs: 5, batchSize: 32, shuffle: false, verbose: 0 });
  tf.dispose([x, labels]);
  optimizer.dispose();
  return model;
}

function openSessions(bytes: Uint8Array, sessions: number, threads: number): Promise<InferenceSession[]> {
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1 };
  return Promise.all(Array.from({ length: sessions }, () => InferenceSession.create(bytes, options)));
}

function toBatches(x: tf.Tensor3D): Tensor[] {
  const [digits, ...sizes] = x.shape;
  const values = x.dataSync() as Float32Array;
  const width = values.length / digits;
  return Array.from({ length: Math.ceil(digits / BATCH) }, (_, n) => {
    const some = values.slice(n * BATCH * width, (n + 1) * BATCH * width);
    return new Tensor('float32', some, [some.length / width, ...sizes]);
  });
}

/** Each session takes the next batch as soon as it has done the one before. */
async function runSideBySide(sessions: InferenceSession[], batches: Tensor[]): Promise<Float32Array<ArrayBuffer>> {
  const answers = new Array<Float32Array>(batches.length);
  let next = 0;
  const work = async (session: InferenceSession) => {
    while (next < batches.length) {
      const mine = next++;
      const { y } = await session.run({ x: batches[mine] as Tensor });
      answers[mine] = y?.data as Float32Array;
    }
  };
  await Promise.all(sessions.map(work));
  return Float32Array.from(answers.flatMap((some) => [...some]));
}

function requireAgreement(answers: Float32Array, expected: Float32Array): void {
  const worst = expected.reduce((largest, value, n) => Math.max(largest, Math.abs(value - (answers[n] as number))), 0);
  if (answers.length !== expected.length || !(worst < 1e-5)) throw new Error(`The answers are ${worst} apart.`);
}

async function fastest(run: () => Promise<void>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < RUNS; n++) {
    const start = performance.now();
    await run();
    least = Math.min(least, (performance.now() - start) / 1000);
  }
  return least;
}

function line(name: string, seconds: number, digits: number): string {
  const rate = Math.round(digits / seconds).toLocaleString('en');
  return `  ${name.padEnd(45)}${(1000 * seconds).toFixed(0).padStart(6)} ms  ${rate.padStart(9)} digits a second`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function best(probabilities: Float32Array): number {
  return probabilities.indexOf(Math.max(...probabilities));
}

await main();

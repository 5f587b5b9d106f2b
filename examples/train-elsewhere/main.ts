// Trains a small model here, goes on in Keras 3 on several devices, and comes back: the loss goes on where it was.
//
//     pip install -r examples/train-elsewhere/requirements.txt
//     npm run train-elsewhere                 # PYTHON=path/to/python says which Python
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { KERAS_DEFAULTS, lstm } from 'explicit-lstm';
import { loadKeras, saveKeras } from 'explicit-lstm/convert';
import { gateStatistics, traceModel } from 'explicit-lstm/inspect';

const SAMPLES = 256;
const STEPS = 12;
const FEATURES = 2;

/** The adding problem: of each sequence, the sum of the two numbers that are marked. */
function addingProblem(): { x: tf.Tensor3D; labels: tf.Tensor2D } {
  const numbers = tf.randomUniform([SAMPLES, STEPS, 1], 0, 1, 'float32', 7).dataSync();
  const x = tf.buffer([SAMPLES, STEPS, FEATURES]);
  const labels = tf.buffer([SAMPLES, 1]);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const marked = [sample % (STEPS / 2), STEPS / 2 + ((sample * 5) % (STEPS / 2))];
    for (let t = 0; t < STEPS; t++) x.set(numbers[sample * STEPS + t] as number, sample, t, 0);
    for (const t of marked) x.set(1, sample, t, 1);
    labels.set(
      marked.reduce((sum, t) => sum + (numbers[sample * STEPS + t] as number), 0),
      sample,
      0,
    );
  }
  return { x: x.toTensor() as tf.Tensor3D, labels: labels.toTensor() as tf.Tensor2D };
}

function lossOf(model: tf.LayersModel, x: tf.Tensor, labels: tf.Tensor): number {
  return tf.tidy(() => tf.losses.meanSquaredError(labels, model.predict(x) as tf.Tensor).dataSync()[0] as number);
}

/** Runs the Python beside this file, and returns the losses that it prints. */
function trainInKeras(folder: string): { before: number; after: number; devices: number } {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'train.py');
  const { status, stdout, error } = spawnSync(process.env.PYTHON ?? 'python3', [script, folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error('train.py failed: install its requirements, and set PYTHON', { cause: error });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

async function describeGates(model: tf.LayersModel, x: tf.Tensor): Promise<string> {
  const [first, ...others] = traceModel(model, x);
  if (first === undefined) throw new Error('the model has no LSTM');
  const statistics = await gateStatistics(first.trace);
  for (const { trace } of [first, ...others]) trace.dispose();
  const mean = (gate: 'i' | 'f' | 'o') => `${gate} ${statistics[gate].mean?.toFixed(3)}`;
  return `gates of ${first.layerName}: ${mean('i')}, ${mean('f')}, ${mean('o')}`;
}

const folder = mkdtempSync(join(tmpdir(), 'train-elsewhere-'));
try {
  const { x, labels } = addingProblem();
  const model = tf.sequential({
    layers: [
      lstm({ ...KERAS_DEFAULTS, units: 16, inputShape: [STEPS, FEATURES] }),
      tf.layers.dense({ units: 1 }),
    ] as tf.layers.Layer[],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  await model.fit(x, labels, { epochs: 5, batchSize: 32, verbose: 0 });
  const here = lossOf(model, x, labels);
  console.log(`here, after 5 epochs:         loss ${here.toFixed(6)}; ${await describeGates(model, x)}`);

  writeFileSync(join(folder, 'model.keras'), await saveKeras(model));
  const data = { x: Array.from(x.dataSync()), labels: Array.from(labels.dataSync()), shape: x.shape };
  writeFileSync(join(folder, 'data.json'), JSON.stringify(data));
  const { before, after, devices } = trainInKeras(folder);
  console.log(
    `in Keras, on ${devices} devices:       loss ${before.toFixed(6)} before, ${after.toFixed(6)} after 20 epochs`,
  );

  const trained = await loadKeras(join(folder, 'trained.keras'));
  const back = lossOf(trained, x, labels);
  console.log(`here again:                   loss ${back.toFixed(6)}; ${await describeGates(trained, x)}`);
  if (Math.abs(before - here) > 1e-5 || Math.abs(back - after) > 1e-5)
    throw new Error('the loss did not go on where it was');
} finally {
  rmSync(folder, { recursive: true });
}

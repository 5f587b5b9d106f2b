import * as tf from '@tensorflow/tfjs';
import {
  chronoInitializer,
  clipGradients,
  FORGET_BIAS,
  forgetBiasInitializer,
  lstm,
  orthogonalByGateInitializer,
} from '../../src/index.js';
import { gateMonitor, type MonitorHistory } from '../../src/inspect/index.js';
import { type AddingProblem, addingProblem } from './adding-problem.js';
import type { Options } from './options.js';

export const VARIANTS = ['forget bias 0', 'forget bias 1', 'chrono'] as const;
export type Variant = (typeof VARIANTS)[number];

/** What one LSTM did. */
export interface Outcome {
  variant: Variant;
  /** Mean squared error on held-back samples. */
  error: number;
  history: MonitorHistory;
  seconds: number;
}

const BATCH = 32;
/** How often the training is examined. */
const LOOKS = 40;
const LEARNING_RATE = 0.01;
/** Seeds of the data to examine and of the data to judge by, relative to that of the training data. */
const [LOOKED_AT, HELD_BACK] = [1, 2];

/** Trains one variant on the same data, from the same other weights, as all the others. */
export async function runVariant(variant: Variant, options: Options, onStep: (step: number) => void): Promise<Outcome> {
  const { timesteps, steps, seed } = options;
  const started = Date.now();
  const model = buildModel(variant, options);
  const [training, watched, heldBack] = [
    addingProblem(steps * BATCH, timesteps, 10 * seed),
    addingProblem(BATCH, timesteps, 10 * seed + LOOKED_AT),
    addingProblem(500, timesteps, 10 * seed + HELD_BACK),
  ] as [AddingProblem, AddingProblem, AddingProblem];
  const optimizer = clipGradients(tf.train.adam(LEARNING_RATE), { globalNorm: 1 });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const monitor = gateMonitor({
    everyBatches: Math.ceil(steps / LOOKS),
    inputs: watched.x,
    labels: watched.y,
    // They are printed at the end, beside the results.
    onWarning: () => {},
  });
  const progress = new tf.CustomCallback({ onBatchEnd: async (batch) => onStep(batch + 1) });
  const callbacks = [monitor, progress] as unknown as tf.CustomCallbackArgs[];
  await model.fit(training.x, training.y, { batchSize: BATCH, epochs: 1, shuffle: false, verbose: 0, callbacks });
  const error = errorOf(model, heldBack);
  tf.dispose([training, watched, heldBack].map(({ x, y }) => [x, y]));
  optimizer.dispose();
  model.dispose();
  return { variant, error, history: monitor.history, seconds: (Date.now() - started) / 1000 };
}

function buildModel(variant: Variant, { timesteps, units, seed }: Options): tf.Sequential {
  const memory = lstm({
    units,
    inputShape: [timesteps, 2],
    name: 'memory',
    recurrentActivation: 'sigmoid',
    kernelInitializer: tf.initializers.glorotUniform({ seed: seed + 1 }),
    recurrentInitializer: orthogonalByGateInitializer({ seed }),
    biasInitializer: biasOf(variant, timesteps, seed),
  });
  const kernelInitializer = tf.initializers.glorotUniform({ seed: seed + 2 });
  return tf.sequential({ layers: [memory, tf.layers.dense({ units: 1, kernelInitializer })] });
}

function biasOf(variant: Variant, maxTimesteps: number, seed: number) {
  if (variant === 'chrono') return chronoInitializer({ maxTimesteps, seed });
  const forgetBias = variant === 'forget bias 0' ? FORGET_BIAS.neutral : FORGET_BIAS.open;
  return forgetBiasInitializer({ forgetBias });
}

function errorOf(model: tf.Sequential, { x, y }: AddingProblem): number {
  return tf.tidy(() => tf.losses.meanSquaredError(y, model.predict(x) as tf.Tensor).dataSync()[0] as number);
}

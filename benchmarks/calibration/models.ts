import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import { type Data, randomNumbers, type Task } from './tasks.js';

/** How a model for a task is built and trained. */
export interface Recipe {
  task: Task;
  timesteps: number;
  units?: number;
  /** Default: 1. */
  forgetBias?: 0 | 1;
  recurrentActivation?: 'sigmoid' | 'hardSigmoid';
  kind?: 'single' | 'stacked' | 'bidirectional' | 'masked' | 'backwards' | 'autoencoder' | 'stacked cells';
  samples?: number;
  epochs?: number;
  learningRate?: number;
  /** φ of the LSTM. Default: tanh. */
  activation?: 'tanh' | 'relu';
  /** Activation of the dense layer at the end. Default: the task's. */
  ending?: 'relu';
  /** What the inputs are multiplied by, and what is added to them then. Default: 1 and 0. */
  scale?: number;
  offset?: number;
}

export interface Trained extends Data {
  model: tf.LayersModel;
}

const EXAMINED = 48;

/** A model that a recipe makes, before any training, with samples to look at. */
export function untrained(recipe: Recipe): Trained {
  const model = build(recipe);
  return { model, ...dataOf(recipe, EXAMINED, 99) };
}

/** The same after training; the samples are not those that it was trained on. */
export async function trained(recipe: Recipe): Promise<Trained> {
  const { epochs = 12, samples = 512 } = recipe;
  const result = untrained(recipe);
  const { x, y } = dataOf(recipe, samples, 1);
  await result.model.fit(x, y, { epochs, batchSize: 32, shuffle: false, verbose: 0 });
  tf.dispose([x, y]);
  return result;
}

function dataOf({ task, timesteps, kind, scale = 1, offset = 0 }: Recipe, samples: number, seed: number): Data {
  const { x, y } = task.data(samples, timesteps, seed);
  const scaled = tf.tidy(() => tf.add(tf.mul(x, scale), offset) as tf.Tensor3D);
  if (kind === 'autoencoder') {
    tf.dispose([x, y]);
    return { x: scaled, y: scaled.clone() };
  }
  x.dispose();
  if (kind !== 'masked') return { x: scaled, y };
  const masked = padded(scaled, seed);
  scaled.dispose();
  return { x: masked, y };
}

/** Puts up to half as many steps of zeros in front of each sequence, which Masking passes over. */
function padded(x: tf.Tensor3D, seed: number): tf.Tensor3D {
  const random = randomNumbers(seed + 1000);
  const [, timesteps] = x.shape;
  const longest = Math.ceil(timesteps / 2);
  const sequences = x.arraySync().map((sequence) => {
    const zeros = Math.floor(random() * (longest + 1));
    const empty = () => (sequence[0] as number[]).map(() => 0);
    return [...Array.from({ length: zeros }, empty), ...sequence, ...Array.from({ length: longest - zeros }, empty)];
  });
  return tf.tensor3d(sequences);
}

function build(recipe: Recipe): tf.LayersModel {
  const { task, kind = 'single', timesteps, learningRate = 0.01 } = recipe;
  const features = task.features;
  const model = tf.sequential();
  const shape = { inputShape: [null, features] as tf.Shape };
  const last = { returnSequences: task.everyStep };
  if (kind === 'autoencoder') {
    model.add(lstm({ ...argumentsOf(recipe, 1), inputShape: [timesteps, features] }));
    model.add(tf.layers.repeatVector({ n: timesteps }));
    model.add(lstm({ ...argumentsOf(recipe, 2), returnSequences: true }));
  } else if (kind === 'stacked') {
    model.add(lstm({ ...argumentsOf(recipe, 1), returnSequences: true, ...shape }));
    model.add(lstm({ ...argumentsOf(recipe, 2), ...last }));
  } else if (kind === 'stacked cells') {
    const cells = [1, 2].map((seed) => tf.layers.lstmCell(argumentsOf(recipe, seed)));
    model.add(tf.layers.rnn({ cell: cells, ...last, ...shape }));
  } else if (kind === 'bidirectional') {
    const layer = lstm({ ...argumentsOf(recipe, 1), ...last }) as tf.layers.RNN;
    model.add(tf.layers.bidirectional({ layer, mergeMode: 'concat', ...shape }));
  } else {
    if (kind === 'masked') model.add(tf.layers.masking({ maskValue: 0, ...shape }));
    const goBackwards = kind === 'backwards';
    model.add(lstm({ ...argumentsOf(recipe, 1), ...last, ...(kind !== 'masked' && shape), goBackwards }));
  }
  const isAutoencoder = kind === 'autoencoder';
  const dense = tf.layers.dense({
    units: isAutoencoder ? features : task.outputs,
    activation: recipe.ending ?? (isAutoencoder ? 'linear' : task.activation),
    kernelInitializer: tf.initializers.glorotUniform({ seed: 5 }),
  });
  model.add(task.everyStep || isAutoencoder ? tf.layers.timeDistributed({ layer: dense }) : dense);
  model.compile({ optimizer: tf.train.adam(learningRate), loss: isAutoencoder ? 'meanSquaredError' : lossOf(task) });
  return model;
}

function argumentsOf(recipe: Recipe, seed: number) {
  const { units = 12, forgetBias = 1, activation = 'tanh', recurrentActivation = 'sigmoid' } = recipe;
  return {
    units,
    activation,
    recurrentActivation,
    unitForgetBias: forgetBias === 1,
    kernelInitializer: tf.initializers.glorotUniform({ seed }),
    recurrentInitializer: tf.initializers.orthogonal({ seed: seed + 10 }),
    biasInitializer: 'zeros' as const,
  };
}

export function lossOf({ activation }: Task): string {
  if (activation === 'softmax') return 'categoricalCrossentropy';
  return activation === 'sigmoid' ? 'binaryCrossentropy' : 'meanSquaredError';
}

/** How well a model does: the fraction of right answers, or for numbers the fraction of the variance that it explains. */
export function quality({ model, x, y }: Trained, { task, kind }: Recipe): number {
  return tf.tidy(() => {
    const answers = model.predictOnBatch(x) as tf.Tensor;
    if (kind === 'autoencoder' || task.activation === 'linear') {
      const rest = tf.mean(tf.squaredDifference(answers, y));
      return 1 - (tf.div(rest, tf.moments(y).variance).dataSync()[0] as number);
    }
    const right =
      task.activation === 'softmax'
        ? tf.equal(tf.argMax(answers, -1), tf.argMax(y, -1))
        : tf.equal(tf.greater(answers, 0.5), tf.greater(y, 0.5));
    return tf.mean(tf.cast(right, 'float32')).dataSync()[0] as number;
  });
}

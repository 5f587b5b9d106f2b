import * as tf from '@tensorflow/tfjs';
import { type Batch, type BatchShape, batchAt, windowStarts } from './batches.js';

/** The time and the loss of every training step. */
export interface Training {
  losses: number[];
  milliseconds: number[];
}

export interface Lesson {
  /** The numbers of a text's characters. */
  text: Int32Array;
  alphabetSize: number;
  shape: BatchShape;
  learningRate: number;
  seed: number;
}

/**
 * Trains a model for some steps, always on the same batches in the same order.
 *
 * @param onStep Called after each step, with its loss.
 */
export async function train(
  model: tf.LayersModel,
  { text, alphabetSize, shape, learningRate, seed }: Lesson,
  steps: number,
  onStep: (loss: number) => void,
): Promise<Training> {
  const optimizer = tf.train.adam(learningRate);
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' });
  const training: Training = { losses: [], milliseconds: [] };
  for (let n = 0; n < steps; n++) {
    const batch = batchAt(text, windowStarts(text.length, shape, n, seed), shape.timesteps, alphabetSize);
    const started = performance.now();
    const loss = await trainOnBatch(model, batch);
    training.milliseconds.push(performance.now() - started);
    training.losses.push(loss);
    tf.dispose([batch.x, batch.y]);
    onStep(loss);
  }
  // A model only disposes an optimizer that it was given by name.
  optimizer.dispose();
  return training;
}

async function trainOnBatch(model: tf.LayersModel, { x, y }: Batch): Promise<number> {
  return (await model.trainOnBatch(x, y)) as number;
}

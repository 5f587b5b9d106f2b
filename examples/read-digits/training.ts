import * as tf from '@tensorflow/tfjs';
import { SingleBar } from 'cli-progress';

export interface TrainingPlan {
  epochs: number;
  batchSize: number;
  /** The learning rate of the first step; it falls linearly towards 0 at the last one. */
  learningRate: number;
}

/** Trains a model on digits that are already in random order, and shows its progress. */
export async function train(
  model: tf.Sequential,
  x: tf.Tensor3D,
  labels: tf.Tensor1D,
  plan: TrainingPlan,
): Promise<void> {
  const { epochs, batchSize, learningRate } = plan;
  const optimizer = new FadingAdam(learningRate);
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  // Reshuffling between epochs could not be seeded.
  const options = { epochs, batchSize, shuffle: false, verbose: 0 } as const;
  const batches = Math.ceil(x.shape[0] / batchSize);
  const fade: tf.CustomCallbackArgs = {
    onBatchEnd: async () => optimizer.fade(learningRate / (epochs * batches)),
  };
  await model.fit(x, labels, { ...options, callbacks: [fade, showProgress(epochs, x.shape[0], batchSize)] });
  // A model only disposes an optimizer that it was given by name.
  optimizer.dispose();
}

/** Large steps first, small ones last, reach in two epochs what Adam at one rate needs several for. */
class FadingAdam extends tf.AdamOptimizer {
  constructor(learningRate: number) {
    super(learningRate, 0.9, 0.999);
  }

  fade(by: number): void {
    this.learningRate = Math.max(this.learningRate - by, by);
  }
}

/** A progress bar while an epoch runs, which cli-progress omits if there is no terminal, and then a line. */
function showProgress(epochs: number, digits: number, batchSize: number): tf.CustomCallbackArgs {
  const bar = new SingleBar({
    format: '  epoch {epoch} [{bar}] {percentage} %, loss {loss}, accuracy {accuracy}, {eta} s left',
    barsize: 16,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
  });
  const running = { loss: 0, accuracy: 0, digits: 0 };
  const shown = (loss: number, accuracy: number) => ({ loss: loss.toFixed(3), accuracy: accuracy.toFixed(3) });
  let started = 0;
  return {
    onEpochBegin: async (epoch) => {
      started = Date.now();
      Object.assign(running, { loss: 0, accuracy: 0, digits: 0 });
      bar.start(digits, 0, { epoch: `${epoch + 1}/${epochs}`, loss: '-', accuracy: '-' });
    },
    onBatchEnd: async (_batch, logs) => {
      const { loss, acc, size = batchSize } = logs as { loss: number; acc: number; size?: number };
      running.loss += loss * size;
      running.accuracy += acc * size;
      running.digits += size;
      bar.update(running.digits, shown(running.loss / running.digits, running.accuracy / running.digits));
    },
    onEpochEnd: async (epoch, logs) => {
      bar.stop();
      const { loss, accuracy } = shown(logs?.loss as number, logs?.acc as number);
      const seconds = ((Date.now() - started) / 1000).toFixed(0);
      console.log(`  epoch ${epoch + 1}/${epochs}: loss ${loss}, accuracy ${accuracy}, ${seconds} s`);
    },
  };
}

import * as tf from '@tensorflow/tfjs';
import type { ScanResult } from '../core/scan.js';
import { tidy } from '../core/tidy.js';
import { NO_DROPOUT } from './dropout.js';
import type { Sequence } from './run-sequence.js';

/**
 * Runs a batch of no samples as one sample of zeros of which nothing is kept.
 *
 * Matrix products over no rows are not defined on every backend: the wasm one returns uninitialised memory as gradient
 * of the weights.
 */
export function runEmptyBatch(sequence: Sequence, run: (oneSample: Sequence) => ScanResult): ScanResult {
  return tidy(() => {
    const [h, c] = sequence.states;
    const mask = sequence.mask && (tf.ones([1, sequence.mask.shape[1]]) as tf.Tensor2D);
    const states: [tf.Tensor2D, tf.Tensor2D] = [withOneSample(h), withOneSample(c)];
    const result = run({ x: withOneSample(sequence.x), states, mask, dropout: NO_DROPOUT });
    const { outputs, gates } = result;
    return {
      lastOutput: withoutSamples(result.lastOutput),
      h: withoutSamples(result.h),
      c: withoutSamples(result.c),
      outputs: outputs && withoutSamples(outputs),
      gates: gates && {
        i: withoutSamples(gates.i),
        f: withoutSamples(gates.f),
        g: withoutSamples(gates.g),
        o: withoutSamples(gates.o),
        c: withoutSamples(gates.c),
      },
    };
  });
}

function withOneSample<T extends tf.Tensor>(batch: T): T {
  const paddings = batch.shape.map((_, axis): [number, number] => [0, axis === 0 ? 1 : 0]);
  return tf.pad(batch, paddings) as T;
}

function withoutSamples<T extends tf.Tensor>(batch: T): T {
  const [, ...others] = batch.shape;
  return tf.slice(batch, [0, ...others.map(() => 0)], [0, ...others]) as T;
}

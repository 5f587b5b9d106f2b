import * as tf from '@tensorflow/tfjs';
import type { ResultGradients } from '../fused-kernel.js';
import { lastStep, swapBatchAndTime, zeroWhereMasked } from './time-major.js';

/** What arrives from outside at h or c: at the last step, and at every step, [T, B, U], where that is asked for. */
export interface IncomingGradient {
  last: tf.Tensor2D;
  every: tf.Tensor3D | null;
}

/** @param shown Where outputs are those of the steps, [T, B, 1]; elsewhere they are 0. Null for everywhere. */
export function incomingGradients(
  { lastOutput, h, c, outputs, gates }: ResultGradients,
  shown: tf.Tensor3D | null = null,
): {
  h: IncomingGradient;
  c: IncomingGradient;
} {
  const atLast = zeroWhereMasked(lastOutput, shown && lastStep(shown));
  return {
    h: { last: tf.add(atLast, h), every: outputs && zeroWhereMasked(swapBatchAndTime(outputs), shown) },
    c: { last: c, every: gates && swapBatchAndTime(gates.c) },
  };
}

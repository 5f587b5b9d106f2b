import * as tf from '@tensorflow/tfjs';
import type { ResultGradients } from '../fused-kernel.js';
import { swapBatchAndTime } from './time-major.js';

/** What arrives from outside at h or c: at the last step, and at every step, [T, B, U], where that is asked for. */
export interface IncomingGradient {
  last: tf.Tensor2D;
  every: tf.Tensor3D | null;
}

export function incomingGradients({ lastOutput, h, c, outputs, gates }: ResultGradients): {
  h: IncomingGradient;
  c: IncomingGradient;
} {
  return {
    h: { last: tf.add(lastOutput, h), every: outputs && swapBatchAndTime(outputs) },
    c: { last: c, every: gates && swapBatchAndTime(gates.c) },
  };
}

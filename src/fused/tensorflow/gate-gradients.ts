import * as tf from '@tensorflow/tfjs';
import type { GateSequences } from '../../core/scan.js';
import type { BlockOutputs } from './block-lstm.js';
import { swapBatchAndTime } from './time-major.js';

/** Blocks i, f, g, o of the last axis to blocks i, g, f, o, which is LSTMBlockCell's order; or back. */
export function swapFAndG<T extends tf.Tensor>(blocks: T): T {
  const [i, second, third, o] = tf.split(blocks, 4, -1) as [T, T, T, T];
  return tf.concat([i, third, second, o], -1) as T;
}

/** What gradients that arrive at the gates contribute to the pre-activations', [T, B, 4U] in blocks i, g, f, o. */
export function gateGradients({ i, f, o, ci: g }: BlockOutputs, gradients: GateSequences): tf.Tensor3D {
  const throughSigmoid = (gate: tf.Tensor3D, gradient: tf.Tensor3D) =>
    tf.mul(swapBatchAndTime(gradient), tf.mul(gate, tf.sub(1, gate)));
  return tf.concat(
    [
      throughSigmoid(i, gradients.i),
      tf.mul(swapBatchAndTime(gradients.g), tf.sub(1, tf.square(g))),
      throughSigmoid(f, gradients.f),
      throughSigmoid(o, gradients.o),
    ],
    2,
  ) as tf.Tensor3D;
}

import * as tf from '@tensorflow/tfjs';
import type { FusedInputs, FusedOptions } from '../fused-kernel.js';
import { runNativeOp, withInt64 } from './native-ops.js';
import { readSteps } from './time-major.js';

/** What BlockLSTMV2 computes, each [T, B, U], by its own names: cs is c, ci is g, co is tanh(c). */
export const BLOCK_OUTPUTS = ['i', 'cs', 'f', 'o', 'ci', 'co', 'h'] as const;
export type BlockOutputs = Record<(typeof BLOCK_OUTPUTS)[number], tf.Tensor3D>;

/** TensorFlow's op for a whole sequence. */
export function blockLSTM(inputs: FusedInputs, options: FusedOptions): BlockOutputs {
  const outputs = withInt64(inputs.x.shape[1], (timesteps) =>
    runNativeOp('BlockLSTMV2', [timesteps, ...blockInputs(inputs, options)]),
  );
  return namedOutputs(outputs);
}

export function namedOutputs(outputs: readonly tf.Tensor[]): BlockOutputs {
  return Object.fromEntries(BLOCK_OUTPUTS.map((name, index) => [name, outputs[index]])) as BlockOutputs;
}

/** What the op and its gradient read after the number of timesteps: x, cs_prev, h_prev, w, wci, wcf, wco, b. */
export function blockInputs(inputs: FusedInputs, options: FusedOptions): tf.Tensor[] {
  const { h0, c0, kernel, recurrentKernel } = inputs;
  const units = recurrentKernel.shape[0];
  const noPeephole = tf.zeros([units]);
  const zeroState = () => tf.zeros([inputs.x.shape[0], units]);
  const bias = inputs.bias ?? tf.zeros([kernel.shape[1]]);
  const weights = tf.concat([kernel, recurrentKernel]);
  const states = [c0 ?? zeroState(), h0 ?? zeroState()];
  return [readSteps(inputs, options), ...states, weights, noPeephole, noPeephole, noPeephole, bias];
}

import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import type { FusedOptions, InputGradients, RecordedInputs, ResultGradients } from '../fused-kernel.js';
import { BLOCK_OUTPUTS, type BlockOutputs, blockInputs } from './block-lstm.js';
import { type IncomingGradient, incomingGradients } from './incoming-gradients.js';
import { runNativeOp, withInt64 } from './native-ops.js';
import { backToInput } from './time-major.js';

/** All gradients by BlockLSTMGradV2, which knows of none that arrive at gates. */
export function backwardAtOnce(
  inputs: RecordedInputs,
  options: FusedOptions,
  saved: BlockOutputs,
  gradients: ResultGradients,
): InputGradients {
  const timesteps = inputs.x.shape[1];
  const [dX, dC0, dH0, dWeights, , , , dBias] = tidy(() => {
    const { c, h } = incomingGradients(gradients);
    const incoming = [atEveryStep(c, timesteps), atEveryStep(h, timesteps)];
    const given = [...blockInputs(inputs, options), ...BLOCK_OUTPUTS.map((name) => saved[name]), ...incoming];
    return withInt64(timesteps, (scalar) => runNativeOp('BlockLSTMGradV2', [scalar, ...given]));
  }) as [tf.Tensor3D, ...tf.Tensor[]];
  const [features] = inputs.kernel.shape;
  return {
    x: () => backToInput(dX, inputs, options),
    h0: () => tf.clone(dH0 as tf.Tensor),
    c0: () => tf.clone(dC0 as tf.Tensor),
    kernel: () => tf.slice(dWeights as tf.Tensor, [0, 0], [features, -1]),
    recurrentKernel: () => tf.slice(dWeights as tf.Tensor, [features, 0], [-1, -1]),
    bias: () => tf.clone(dBias as tf.Tensor),
  };
}

function atEveryStep({ last, every }: IncomingGradient, timesteps: number): tf.Tensor3D {
  const padding: [number, number][] = [
    [timesteps - 1, 0],
    [0, 0],
    [0, 0],
  ];
  const atLast = tf.pad(tf.expandDims(last, 0), padding) as tf.Tensor3D;
  return every === null ? atLast : tf.add(every, atLast);
}

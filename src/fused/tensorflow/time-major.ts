import * as tf from '@tensorflow/tfjs';
import type { FusedInputs, FusedOptions } from '../fused-kernel.js';

/** [B, T, N] to [T, B, N], or back. */
export function swapBatchAndTime(sequence: tf.Tensor3D): tf.Tensor3D {
  const [first, second, last] = sequence.shape;
  return first === 1 || second === 1 ? tf.reshape(sequence, [second, first, last]) : tf.transpose(sequence, [1, 0, 2]);
}

/** x as the steps read it: dropped out, in processing order, [T, B, D], and 0 at masked steps. */
export function readSteps(inputs: FusedInputs, options: FusedOptions): tf.Tensor3D {
  const steps = inProcessingOrder(swapBatchAndTime(dropOut(inputs.x, inputs.inputDropoutMasks)), options);
  return zeroWhereMasked(steps, validSteps(inputs, options));
}

/** The same but for masked steps, as a sequence: [B, T, D]. */
export function orderSteps({ x, inputDropoutMasks }: FusedInputs, { goBackwards }: FusedOptions): tf.Tensor3D {
  const read = dropOut(x, inputDropoutMasks);
  return goBackwards ? tf.reverse(read, 1) : read;
}

/** Which steps are valid, in processing order, [T, B, 1]; null without a mask. */
export function validSteps({ mask }: FusedInputs, options: FusedOptions): tf.Tensor3D | null {
  if (mask === null) return null;
  const steps = swapBatchAndTime(tf.expandDims(tf.cast(mask, 'float32'), 2) as tf.Tensor3D);
  return tf.cast(inProcessingOrder(steps, options), 'bool');
}

/** Selects, so that a NaN at a masked step is no longer there. */
export function zeroWhereMasked<T extends tf.Tensor>(values: T, valid: tf.Tensor | null): T {
  return valid === null ? values : (tf.where(valid, values, tf.zeros([1])) as T);
}

/** The gradient of `readSteps`. */
export function backToInput(
  steps: tf.Tensor3D,
  { inputDropoutMasks }: FusedInputs,
  options: FusedOptions,
): tf.Tensor3D {
  return dropOut(inInputOrder(steps, options), inputDropoutMasks);
}

/** Steps in processing order, [T, B, N], as a sequence, [B, T, N], by the input's timestep. */
export function inInputOrder(steps: tf.Tensor3D, options: FusedOptions): tf.Tensor3D {
  return swapBatchAndTime(inProcessingOrder(steps, options));
}

function inProcessingOrder(steps: tf.Tensor3D, { goBackwards }: FusedOptions): tf.Tensor3D {
  return goBackwards ? tf.reverse(steps, 0) : steps;
}

function dropOut(x: tf.Tensor3D, [mask]: FusedInputs['inputDropoutMasks']): tf.Tensor3D {
  return mask === undefined ? x : tf.mul(x, tf.expandDims(mask, 1));
}

/** The last of the steps, [T, B, N] to [B, N]. */
export function lastStep(steps: tf.Tensor3D): tf.Tensor2D {
  const [timesteps, ...shape] = steps.shape;
  const last = timesteps === 1 ? steps : tf.slice(steps, [timesteps - 1, 0, 0], [1, -1, -1]);
  return tf.reshape(last, shape);
}

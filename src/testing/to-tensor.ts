import * as tf from '@tensorflow/tfjs';
import type { FixtureCall, FixtureTensor } from './fixture.js';

/** Plain numbers -> a tensor, which the caller disposes. */
export function toTensor({ shape, values }: FixtureTensor): tf.Tensor {
  return tf.tensor(values, shape, 'float32');
}

export interface CallTensors {
  /** [B, T, D] */
  x: tf.Tensor;
  /** [B, T], bool */
  mask: tf.Tensor | null;
  /** Each [B, U]; empty: none given. */
  initialState: tf.Tensor[];
}

/** A call's inputs as tensors, which the caller disposes. */
export function callTensors({ input, mask, initialStates }: FixtureCall): CallTensors {
  return {
    x: toTensor(input),
    mask: mask === null ? null : tf.tensor(mask.values, mask.shape, 'bool'),
    initialState: initialStates.map(toTensor),
  };
}

import * as tf from '@tensorflow/tfjs';
import { tidy } from '../core/tidy.js';
import { type NamedFixtureTensor, toTensor } from './fixture.js';
import { type CallTensors, type CheckedTarget, runCall } from './run-call.js';

/** Gradients as tensors, which the caller disposes. */
export interface CallGradients {
  loss: tf.Tensor;
  weights: tf.Tensor[];
  input: tf.Tensor;
  initialStates: tf.Tensor[];
}

/** Gradients of the sum over all outputs of sum(output * cotangent). */
export function callGradients(
  target: CheckedTarget,
  call: CallTensors,
  cotangents: NamedFixtureTensor[],
): CallGradients {
  return tidy(() => {
    const directions = cotangents.map(toTensor);
    const weights = target.weights.map((weight) => weight.read());
    const sources = [...weights, call.x, ...call.initialState];
    const loss = () =>
      runCall(target, call)
        .map((output, index) => tf.sum(tf.mul(output, directions[index] as tf.Tensor)))
        .reduce((sum, term) => tf.add(sum, term));
    // tf.grads throws where the loss does not depend on a source; its gradient is 0.
    const { value, grads } = tf.engine().gradients(loss, sources, undefined, true);
    const found = sources.map((source, index) => grads[index] ?? tf.zerosLike(source));
    return {
      loss: value,
      weights: found.slice(0, weights.length),
      input: found[weights.length] as tf.Tensor,
      initialStates: found.slice(weights.length + 1),
    };
  });
}

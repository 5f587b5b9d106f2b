import * as tf from '@tensorflow/tfjs';
import type { LossFunction, Regularizer, RegularizerIdentifier } from '../host/types.js';

/**
 * The penalty on a layer's outputs. tfjs refuses `layer.activityRegularizer`, but it evaluates a layer's losses after
 * the forward pass and within the same gradient tape: there the outputs of the training calls just made are penalized.
 *
 * As in Keras 2 and in Keras 3 since 3.14, every output counts, as a sum over its elements divided by the batch size.
 * Source: https://github.com/keras-team/keras/pull/22021
 */
export class ActivityPenalty {
  /** What `getConfig` emits. */
  readonly config: unknown;
  private readonly regularizer: Regularizer;
  private calls: { inputs: tf.Tensor[]; outputs: tf.Tensor[] }[] = [];

  constructor(identifier: RegularizerIdentifier) {
    const parsed = tf.layers.lstmCell({ units: 1, name: 'parsed', kernelRegularizer: identifier });
    this.regularizer = parsed.kernelRegularizer;
    this.config = parsed.getConfig().kernelRegularizer;
  }

  /**
   * Notes the outputs of a training call. They are not kept alive: what is disposed by then is not penalized.
   *
   * tfjs's model executor makes the same call once for each output of the layer; it counts once.
   */
  record(inputs: tf.Tensor[], outputs: tf.Tensor[]): void {
    const isSame = (call: { inputs: tf.Tensor[] }) =>
      call.inputs.length === inputs.length && call.inputs.every((input, index) => input === inputs[index]);
    const isGone = (call: { outputs: tf.Tensor[] }) => call.outputs.every((output) => output.isDisposed);
    this.calls = [...this.calls.filter((call) => !isSame(call) && !isGone(call)), { inputs, outputs }];
  }

  /** The penalty for all that was recorded since it was last asked for. */
  readonly loss: LossFunction = () => {
    const outputs = this.calls.flatMap((call) => call.outputs).filter((output) => !output.isDisposed);
    this.calls = [];
    return tf.tidy(() =>
      outputs.reduce<tf.Scalar>((sum, output) => {
        // Of an empty batch the sum is 0, and stays so.
        const batch = Math.max(output.shape[0] as number, 1);
        return tf.add(sum, tf.div(this.regularizer.apply(output), batch));
      }, tf.scalar(0)),
    );
  };
}

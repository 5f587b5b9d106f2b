import * as tf from '@tensorflow/tfjs';
import type { LossFunction, Regularizer, RegularizerIdentifier } from './host-types.js';

/**
 * The penalty on a layer's outputs. tfjs refuses `layer.activityRegularizer`, but it evaluates a layer's losses after
 * the forward pass and within the same gradient tape: there the outputs of the training calls just made are penalized.
 *
 * As in Keras 3, every output counts, as a sum over the batch.
 */
export class ActivityPenalty {
  /** What `getConfig` emits. */
  readonly config: unknown;
  private readonly regularizer: Regularizer;
  private outputs: tf.Tensor[] = [];

  constructor(identifier: RegularizerIdentifier) {
    const parsed = tf.layers.lstmCell({ units: 1, name: 'parsed', kernelRegularizer: identifier });
    this.regularizer = parsed.kernelRegularizer;
    this.config = parsed.getConfig().kernelRegularizer;
  }

  /** Notes the outputs of a training call. They are not kept alive: what is disposed by then is not penalized. */
  record(outputs: tf.Tensor[]): void {
    this.outputs = [...this.outputs.filter((output) => !output.isDisposed), ...outputs];
  }

  /** The penalty for all that was recorded since it was last asked for. */
  readonly loss: LossFunction = () => {
    const outputs = this.outputs.filter((output) => !output.isDisposed);
    this.outputs = [];
    return tf.tidy(() =>
      outputs.reduce<tf.Scalar>((sum, output) => tf.add(sum, this.regularizer.apply(output)), tf.scalar(0)),
    );
  };
}

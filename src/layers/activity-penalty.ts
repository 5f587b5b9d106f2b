import * as tf from '@tensorflow/tfjs';
import { currentTape } from '../host/gradient-tape.js';
import { parseIdentifier } from '../host/parse-identifier.js';
import type { LossFunction, Regularizer, RegularizerIdentifier } from '../host/types.js';

interface TrainingCall {
  inputs: tf.Tensor[];
  outputs: tf.Tensor[];
}

/**
 * The penalty on a layer's outputs. tfjs refuses `layer.activityRegularizer`, but it evaluates a layer's losses after
 * the forward pass and within the same recording of gradients: there the outputs of the training calls made within that
 * recording are penalized. Outside of any recording it is those of the calls that were made there, and whose outputs are
 * still alive, since the penalty was last asked for.
 *
 * As in Keras 2 and in Keras 3 since 3.14, every output counts, as a sum over its elements divided by the batch size.
 * Source: https://github.com/keras-team/keras/pull/22021
 */
export class ActivityPenalty {
  private readonly regularizer: Regularizer;
  private tape: object | null = null;
  private calls: TrainingCall[] = [];

  constructor(identifier: RegularizerIdentifier) {
    this.regularizer = parseIdentifier('regularizer', identifier);
  }

  /**
   * Notes the outputs of a training call. They are not kept alive: what is disposed by then is not penalized.
   *
   * tfjs's model executor makes the same call once for each output that it needs, of the layer or of a model around it;
   * it counts once. (A model around it that computes the inputs anew each time cannot be seen through.)
   */
  record(inputs: tf.Tensor[], outputs: tf.Tensor[]): void {
    this.startStep();
    const isSame = (call: TrainingCall) =>
      call.inputs.length === inputs.length && call.inputs.every((input, index) => input === inputs[index]);
    const isGone = (call: TrainingCall) => call.outputs.every((output) => output.isDisposed);
    this.calls = [...this.calls.filter((call) => !isSame(call) && !isGone(call)), { inputs, outputs }];
  }

  readonly loss: LossFunction = () => {
    this.startStep();
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

  /** Forgets the calls of another recording of gradients. */
  private startStep(): void {
    const tape = currentTape();
    if (tape !== this.tape) this.calls = [];
    this.tape = tape;
  }
}

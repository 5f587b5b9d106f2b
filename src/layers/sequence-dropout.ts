import type * as tf from '@tensorflow/tfjs';
import { type DropoutMasks, NO_DROPOUT } from '../core/weighted-sum.js';
import { keepForSequence } from '../host/sequence-scope.js';

/**
 * Keeps the dropout masks of a cell that tf.layers.rnn steps through time: the same at every step of a sequence, fresh
 * for the next one.
 *
 * The host tells a cell neither where a sequence starts nor where it ends. But it passes one kwargs object to all steps
 * of a sequence and a new one to the next, and it runs the sequence within a tidy. So they are drawn when the kwargs
 * object changes, and live in a scope around the steps.
 */
export class SequenceDropout {
  private sequence: object | null = null;
  private masks: DropoutMasks = NO_DROPOUT;

  /**
   * The dropout masks of the sequence that `kwargs` stands for.
   *
   * @param draw Draws the dropout masks of a new sequence.
   */
  masksFor(kwargs: object, batch: number, draw: () => DropoutMasks): DropoutMasks {
    if (kwargs !== this.sequence || !this.allUsable(batch)) {
      this.masks = draw();
      keepForSequence(this, this.tensors());
      this.sequence = kwargs;
    }
    return this.masks;
  }

  private allUsable(batch: number): boolean {
    return this.tensors().every((mask) => !mask.isDisposed && mask.shape[0] === batch);
  }

  private tensors(): tf.Tensor[] {
    return [...this.masks.input, ...this.masks.recurrent];
  }
}

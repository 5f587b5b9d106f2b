import * as tf from '@tensorflow/tfjs';
import { type DropoutMasks, NO_DROPOUT } from './dropout.js';

/**
 * Keeps the dropout masks of a cell that tf.layers.rnn steps through time: the same at every step of a sequence, fresh
 * for the next one.
 *
 * The host tells a cell neither where a sequence starts nor where it ends. But it passes one kwargs object to all steps
 * of a sequence and a new one to the next, and it runs the sequence within a tidy. So masks are drawn when the kwargs
 * object changes, and live in the outermost scope.
 */
export class SequenceDropout {
  private sequence: object | null = null;
  private masks: DropoutMasks = NO_DROPOUT;

  /**
   * The masks of the sequence that `kwargs` stands for.
   *
   * @param draw Draws the masks of a new sequence.
   */
  masksFor(kwargs: object, batch: number, draw: () => DropoutMasks): DropoutMasks {
    if (kwargs !== this.sequence || !this.allUsable(batch)) {
      this.masks = draw();
      moveToOutermostScope(this.tensors());
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

/**
 * Lets tensors of the current scope live until the outermost one ends. Where tfjs's scopes are not as expected, the
 * tensors stay in the current scope; they are then drawn anew at every step, which is dropout still.
 */
function moveToOutermostScope(tensors: tf.Tensor[]): void {
  const scopes = tf.engine().state?.scopeStack;
  const outermost = scopes?.[0];
  const current = scopes?.[scopes.length - 1];
  if (!Array.isArray(outermost?.track) || !Array.isArray(current?.track) || outermost === current) return;
  current.track = current.track.filter((tensor) => !tensors.includes(tensor));
  outermost.track.push(...tensors);
}

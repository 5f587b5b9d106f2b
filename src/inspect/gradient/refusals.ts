import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';

/** @throws RangeError for a loss that is not a scalar tensor. */
export function requireScalar(where: string, loss: unknown, layer: string): tf.Scalar {
  if (loss instanceof tf.Tensor && loss.rank === 0) return loss as tf.Scalar;
  throw invalidArgument(where, 'loss must return a scalar, a tensor of shape []', loss, { layer });
}

/** What tfjs found, in brackets. */
export function because(cause: unknown): string {
  return cause instanceof Error ? ` (${cause.message.replace(/\.$/, '')})` : '';
}

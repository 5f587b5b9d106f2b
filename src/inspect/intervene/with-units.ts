import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { tidy } from '../../core/tidy.js';

/**
 * Values with those of some units replaced.
 *
 * @param values [B, U].
 * @param units Indices from 0 to U - 1.
 * @param value The number that the units get, in every sample.
 * @returns [B, U]; the caller disposes it.
 * @throws RangeError for a unit that there is not.
 */
export function withUnits(values: tf.Tensor2D, units: readonly number[], value: number): tf.Tensor2D {
  const [, count] = values.shape;
  const unknown = units.find((unit) => !Number.isInteger(unit) || unit < 0 || unit >= count);
  if (unknown !== undefined) throw invalidArgument('withUnits', `units must be from 0 to ${count - 1}`, unknown);
  return tidy(() => {
    const chosen = tf.tensor2d([Array.from({ length: count }, (_, unit) => units.includes(unit))], [1, count], 'bool');
    return tf.where(chosen, tf.fill(values.shape, value), values);
  });
}

import * as tf from '@tensorflow/tfjs';
import { requireUsable, shapeOf } from '../../core/check-tensor.js';
import { invalidArgument } from '../../core/errors.js';
import { tidy } from '../../core/tidy.js';

/**
 * Replaces the values of some units.
 *
 * ```ts
 * const h = withUnits(tf.ones([2, 4]), [0, 3], 0); // [[0, 1, 1, 0], [0, 1, 1, 0]]
 * ```
 *
 * @param values [B, U].
 * @param units Indices from 0 to U - 1.
 * @param value The number that these units get, in every sample.
 * @returns [B, U]; the caller disposes it.
 * @throws RangeError for a unit out of range, and for arguments of the wrong type.
 * @category What would happen if
 */
export function withUnits(values: tf.Tensor2D, units: readonly number[], value: number): tf.Tensor2D {
  const where = 'withUnits';
  const shape = shapeOf(values);
  if (shape?.length !== 2) throw invalidArgument(where, 'values must be a tensor [B, U]', shape ?? values);
  requireUsable(where, 'values', values);
  if (!Array.isArray(units)) throw invalidArgument(where, 'units must be an array of indices', units);
  if (typeof value !== 'number') throw invalidArgument(where, 'value must be a number', value);
  const [, count] = values.shape;
  const unknown = units.find((unit) => !Number.isInteger(unit) || unit < 0 || unit >= count);
  if (unknown !== undefined) throw invalidArgument(where, `units must be from 0 to ${count - 1}`, unknown);
  return tidy(() => {
    const chosen = tf.tensor2d([Array.from({ length: count }, (_, unit) => units.includes(unit))], [1, count], 'bool');
    return tf.where(chosen, tf.fill(values.shape, value), values);
  });
}

import type * as tf from '@tensorflow/tfjs';
import { invalidState } from '../core/errors.js';
import { isDisposed } from './is-disposed.js';

/**
 * Checks that a layer has weights.
 *
 * @throws Error for a layer that is not built, or disposed.
 */
export function requireBuilt(where: string, { name, cell }: { name: string; cell: tf.layers.Layer }): void {
  if (!cell.built) throw invalidState(where, 'the layer must be built first, by apply or build', name);
  if (isDisposed(cell)) throw invalidState(where, 'the layer must not be disposed', name);
}

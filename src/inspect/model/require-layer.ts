import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import { isLSTMLike, type LSTMLike } from '../../layers/explicit-view.js';
import { isDisposed } from '../../layers/is-disposed.js';

/**
 * Checks that a layer is one LSTM, and built.
 *
 * @throws RangeError; Error for a layer that is not built or disposed.
 */
export function requireLayer(where: string, layer: unknown): LSTMLike {
  if (!(layer instanceof tf.layers.Layer) || !isLSTMLike(layer)) {
    const rule = 'layer must be an LSTM, or tf.layers.rnn over one LSTM cell';
    throw invalidArgument(where, rule, layer);
  }
  if (!layer.cell.built) throw invalidState(where, 'the layer must be built first, by apply or build', layer.name);
  if (isDisposed(layer.cell)) throw invalidState(where, 'the layer must not be disposed', layer.name);
  return layer;
}

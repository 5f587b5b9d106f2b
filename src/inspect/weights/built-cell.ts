import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import { isDisposed } from '../../layers/check-weights.js';
import { isLSTMCell, isLSTMLike, type LSTMLike } from '../../layers/foreign-lstm.js';
import { within } from '../model/require-layer.js';

/**
 * The cell that holds the weights of an LSTM layer, of `tf.layers.rnn` over one cell, or that is the layer itself.
 *
 * @throws RangeError for a layer that is not an LSTM; Error for one that is not built or disposed.
 */
export function builtCell(where: string, layer: unknown): LSTMLike['cell'] {
  const cell = cellOf(layer);
  if (cell === null) {
    const rule = 'layer must be an LSTM, tf.layers.rnn over one LSTM cell, or an LSTM cell';
    throw layer instanceof tf.layers.Layer
      ? invalidArgument(where, `${rule}${within(layer)}`, layer.getClassName(), { layer: layer.name })
      : invalidArgument(where, rule, layer);
  }
  const { name } = layer as tf.layers.Layer;
  if (!cell.built) throw invalidState(where, 'the layer must be built first, by apply or build', name);
  if (isDisposed(cell)) throw invalidState(where, 'the layer must not be disposed', name);
  return cell;
}

function cellOf(layer: unknown): LSTMLike['cell'] | null {
  if (!(layer instanceof tf.layers.Layer)) return null;
  if (isLSTMCell(layer)) return layer;
  return isLSTMLike(layer) ? layer.cell : null;
}

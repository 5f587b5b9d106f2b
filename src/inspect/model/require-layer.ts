import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { requireBuilt } from '../../layers/check-weights.js';
import { isLSTMLike, type LSTMLike } from '../../layers/foreign-lstm.js';

/** How to get at the LSTMs of a wrapper. */
export function within(layer: unknown): string {
  if (!(layer instanceof tf.layers.Layer)) return '';
  const className = layer.getClassName();
  if (className === 'Bidirectional') return '; for Bidirectional, pass its forwardLayer or backwardLayer';
  return className === 'TimeDistributed' ? '; for TimeDistributed, pass its layer' : '';
}

/**
 * Checks that a layer is one LSTM, and built.
 *
 * @throws RangeError; Error for a layer that is not built or disposed.
 */
export function requireLayer(where: string, layer: unknown): LSTMLike {
  if (!(layer instanceof tf.layers.Layer) || !isLSTMLike(layer)) {
    const rule = 'layer must be an LSTM, or tf.layers.rnn over one LSTM cell';
    throw invalidArgument(where, `${rule}${within(layer)}`, layer);
  }
  requireBuilt(where, layer);
  return layer;
}

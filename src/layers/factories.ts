import type { LSTMArgs, LSTMCellArgs } from './arguments.js';
import { LSTM } from './lstm.js';
import { LSTMCell } from './lstm-cell.js';
import { warnOfUnknownArguments } from './validate-arguments.js';

// Only these warn of unknown arguments: to the constructors tfjs passes configs with keys of its own.

/**
 * Makes an LSTM layer, wherever `tf.layers.lstm` would do.
 *
 * ```ts
 * const model = tf.sequential({
 *   layers: [lstm({ units: 128, inputShape: [28, 28] }), tf.layers.dense({ units: 10, activation: 'softmax' })],
 * });
 * ```
 *
 * @throws RangeError for an argument that breaks its rule.
 */
export function lstm(args: LSTMArgs): LSTM {
  const layer = new LSTM(args);
  warnOfUnknownArguments('lstm', args);
  return layer;
}

/**
 * Makes an LSTM cell, for `tf.layers.rnn` or for stepping by hand.
 *
 * ```ts
 * const layer = tf.layers.rnn({ cell: [lstmCell({ units: 8 }), lstmCell({ units: 4 })], returnSequences: true });
 * ```
 *
 * @throws RangeError for an argument that breaks its rule.
 */
export function lstmCell(args: LSTMCellArgs): LSTMCell {
  const cell = new LSTMCell(args);
  warnOfUnknownArguments('lstmCell', args);
  return cell;
}

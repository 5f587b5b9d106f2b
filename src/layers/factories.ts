import type { LSTMArgs, LSTMCellArgs } from './arguments.js';
import { LSTM, type LSTMOverCellArgs } from './lstm.js';
import { LSTMCell } from './lstm-cell.js';
import { warnOfUnknownArguments } from './validate-arguments.js';

// Only these warn of unknown arguments: to the constructors tfjs passes configs with keys of its own.

/**
 * Creates an LSTM layer, a drop-in replacement for `tf.layers.lstm`.
 *
 * ```ts
 * const model = tf.sequential({
 *   layers: [lstm({ units: 128, inputShape: [28, 28] }), tf.layers.dense({ units: 10, activation: 'softmax' })],
 * });
 * ```
 *
 * Over a cell that is given, it is the same layer of another step:
 *
 * ```ts
 * const layer = lstm({ cell: lstmCell({ units: 64 }), returnSequences: true });
 * ```
 *
 * @param args See [all arguments](../../docs/layer.md); `units` is required. Unknown arguments have no effect and are reported with `console.warn`.
 * @returns The layer: [B, T, D] to [B, U], or to [B, T, U] with `returnSequences`; see `LSTM`.
 * @throws RangeError for an argument that breaks its rule.
 * @category Layers
 */
export function lstm(args: LSTMArgs | LSTMOverCellArgs): LSTM {
  const layer = new LSTM(args);
  warnOfUnknownArguments('lstm', args);
  return layer;
}

/**
 * Creates an LSTM cell, for `tf.layers.rnn` or for single steps; a drop-in replacement for `tf.layers.lstmCell`.
 *
 * ```ts
 * const layer = tf.layers.rnn({ cell: [lstmCell({ units: 8 }), lstmCell({ units: 4 })], returnSequences: true });
 * ```
 *
 * @param args See [all arguments](../../docs/layer.md), those of the cell; `units` is required.
 * @returns The cell; see `LSTMCell` for its equations and weights.
 * @throws RangeError for an argument that breaks its rule.
 * @category Layers
 */
export function lstmCell(args: LSTMCellArgs): LSTMCell {
  const cell = new LSTMCell(args);
  warnOfUnknownArguments('lstmCell', args);
  return cell;
}

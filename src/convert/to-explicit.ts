import type * as tf from '@tensorflow/tfjs';
import { type BuiltInLSTM, isBuiltInLSTM, isBuiltInLSTMCell } from '../host/built-in-classes.js';
import type { BuiltInCell } from '../host/types.js';
import { withUnsavedArguments } from '../layers/arguments.js';
import { LSTM } from '../layers/lstm.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import type { Conversion, ConversionOptions } from './conversion.js';
import { convertModel } from './convert-model.js';

/**
 * Copies a model with this package's LSTM in the place of every built-in one, wherever in the model it is: within nested
 * models, `bidirectional`, `timeDistributed`, `rnn` and stacked cells. The copy predicts what the original does.
 *
 * ```ts
 * const model = await tf.loadLayersModel('file://model.json');
 * const explicit = toExplicit(model);
 * const trace = (explicit.getLayer('encoder') as LSTM).trace(x);
 * ```
 *
 * Kept: names, weights, `trainable` of models, layers and variables, which calls share a layer, the states of stateful
 * layers, and user-defined metadata. Where a model is compiled, the copy is too: with the same loss and metrics, and an
 * optimizer of its own that goes on from where the original's is, so that `fit` continues as if nothing had happened.
 * The original is left as it is, and nothing is shared with it. A model without a built-in LSTM is copied as it is.
 *
 * Training differs from the original's, by intent, where this package repairs the built-in: regularizers of an LSTM
 * count in the loss of `fit`, dropout masks are fresh for every sequence, and with `recurrentDropout` they differ from
 * gate to gate. A NaN at a masked step no longer reaches the output. A layer that was made with `trainable: false` can
 * be unfrozen.
 *
 * Not kept, for a config does not tell: losses of `addLoss`, call hooks, fields that were set on a layer after it was
 * made, tensors that a custom layer holds other than by `addWeight`, the state of an optimizer that is not one of
 * tfjs's. The dropout masks of a layer with a `seed` start anew.
 *
 * An LSTM that a layer of your own makes in its code, and of which its `getConfig()` does not tell, stays a built-in one:
 * `onNote` is told which.
 *
 * @param model Sequential or functional; the caller disposes the copy.
 * @throws RangeError when `model` is not a model, is empty or disposed, or has a layer that cannot be re-created from
 *   its `getConfig()`, and for options that break their rule. Nothing is left behind then.
 */
export function toExplicit(model: tf.LayersModel, options: ConversionOptions = {}): tf.LayersModel {
  return convertModel(model, TO_EXPLICIT, options);
}

const TO_EXPLICIT: Conversion = {
  name: 'toExplicit',
  classNames: { LSTM: LSTM.className, LSTMCell: LSTMCell.className },
  concerns: (layer): layer is BuiltInLSTM | BuiltInCell => isBuiltInLSTM(layer) || isBuiltInLSTMCell(layer),
  check: () => [],
  leftOver: 'a built-in LSTM',
  replacement(layer, config) {
    if (isBuiltInLSTM(layer)) return new LSTM(withUnsavedArguments(config, layer.cell));
    if (isBuiltInLSTMCell(layer)) return new LSTMCell(withUnsavedArguments(config, layer));
    return null;
  },
};

import type * as tf from '@tensorflow/tfjs';
import { type BuiltInLSTM, isBuiltInLSTM, isBuiltInLSTMCell } from '../host/built-in-classes.js';
import type { BuiltInCell } from '../host/types.js';
import { withUnsavedArguments } from '../layers/arguments.js';
import { LSTM } from '../layers/lstm.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import type { Conversion, ConversionOptions } from './conversion.js';
import { convertModel } from './convert-model.js';

/**
 * Copies a model and replaces every built-in LSTM with this package's, wherever it is in the model: in nested models,
 * `bidirectional`, `timeDistributed`, `rnn` and stacked cells. The copy predicts what the original predicts.
 *
 * ```ts
 * const model = await tf.loadLayersModel('file://model.json');
 * const explicit = toExplicit(model);
 * const trace = (explicit.getLayer('encoder') as LSTM).trace(x);
 * ```
 *
 * Kept: names, weights, `trainable` of models, layers and variables, shared layers, the states of stateful layers, and
 * user-defined metadata. If the model is compiled, so is the copy: with the same loss and metrics, and an optimizer of its
 * own that starts from the state of the original's, so that `fit` resumes where it was. The original is not changed and
 * shares nothing with the copy. A model without a built-in LSTM is copied unchanged.
 *
 * Training differs from the original's where this package deliberately fixes the built-in: the regularizers of an LSTM
 * count in the loss of `fit`, dropout masks are drawn anew for every sequence, and with `recurrentDropout` each gate has its
 * own. NaN at a masked step no longer reaches the output. A layer created with `trainable: false` can be unfrozen.
 *
 * Not kept, because a config does not contain them: losses added with `addLoss`, call hooks, fields that were set on a
 * layer after it was created, tensors that a custom layer holds other than by `addWeight`, and the state of an optimizer
 * that is not one of tfjs's. The random dropout masks of a layer with a `seed` start from the beginning.
 *
 * If a custom layer creates an LSTM in its own code and its `getConfig()` does not mention it, that LSTM remains a
 * built-in one; `onNote` is told which.
 *
 * @param model Sequential or functional.
 * @returns The copy; the caller disposes it.
 * @throws RangeError if `model` is not a model, is empty or disposed, or has a layer that cannot be re-created from its
 *   `getConfig()`, and for options that break their rule. Nothing is left behind then.
 * @category Within TensorFlow.js
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

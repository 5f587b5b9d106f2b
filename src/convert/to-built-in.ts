import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { ARGUMENTS, type ArgumentName, isMissingInBuiltIn, withUnsavedArguments } from '../layers/arguments.js';
import { LSTM_BRAND, LSTM_CELL_BRAND } from '../layers/brand.js';
import { LSTM } from '../layers/lstm.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import type { Conversion, ConversionOptions } from './conversion.js';
import { convertModel } from './convert-model.js';

/**
 * Copies a model with tfjs's built-in LSTM in the place of every one of this package's, so that whoever loads it needs
 * tfjs alone. It is the inverse of `toExplicit`, and what is said there of what is kept holds here too.
 *
 * ```ts
 * await toBuiltIn(model).save('file://model');
 * ```
 *
 * `useFused` and `seed` are dropped where they are set, with a note to `onNote`: the built-in knows neither, and they do
 * not bear on what is predicted. Trained further, the copy has the built-in's defects: it ignores the regularizers of an LSTM, and draws a cell's dropout mask
 * but once.
 *
 * @param model Sequential or functional; the caller disposes the copy.
 * @throws RangeError as `toExplicit` does, and where an LSTM does what the built-in cannot: with `returnGates`,
 *   `zeroOutputForMask` or `activityRegularizer`, or where it is of a class derived from this package's.
 */
export function toBuiltIn(model: tf.LayersModel, options: ConversionOptions = {}): tf.LayersModel {
  return convertModel(model, TO_BUILT_IN, options);
}

const TO_BUILT_IN: Conversion = {
  name: 'toBuiltIn',
  classNames: { [LSTM.className]: 'LSTM', [LSTMCell.className]: 'LSTMCell' },
  concerns: (layer): layer is LSTM | LSTMCell => isExplicitLSTM(layer) || isExplicitLSTMCell(layer),
  check(layer) {
    requireOwnClass(layer);
    if (isExplicitLSTM(layer)) requireOwnClass(layer.cell);
    return droppedArguments(layer);
  },
  leftOver: "this package's LSTM",
  replacement(layer, config) {
    if (isExplicitLSTM(layer)) return tf.layers.lstm(withUnsavedArguments(config, layer.cell) as tf.LSTMLayerArgs);
    if (isExplicitLSTMCell(layer))
      return tf.layers.lstmCell(withUnsavedArguments(config, layer) as tf.LSTMCellLayerArgs);
    return null;
  },
};

function isExplicitLSTM(layer: object): layer is LSTM {
  return LSTM_BRAND in layer;
}

function isExplicitLSTMCell(layer: object): layer is LSTMCell {
  return LSTM_CELL_BRAND in layer;
}

/** Whatever a config has that the built-in does not: this package saves all such arguments where they are set. */
function droppedArguments(layer: tf.layers.Layer): string[] {
  const config = layer.getConfig();
  return (Object.keys(ARGUMENTS) as ArgumentName[]).flatMap((name) => {
    const { inBuiltIn } = ARGUMENTS[name];
    if (config[name] == null || !isMissingInBuiltIn(inBuiltIn)) return [];
    if (inBuiltIn === 'dropped')
      return [`${name} of '${layer.name}' is dropped, as the built-in LSTM does not have it.`];
    const rule = `${name} must not be set, as the built-in LSTM does not have it`;
    throw invalidArgument('toBuiltIn', rule, config[name], { layer: layer.name });
  });
}

function requireOwnClass(layer: tf.layers.Layer): void {
  const className = isExplicitLSTM(layer) ? LSTM.className : LSTMCell.className;
  if (layer.getClassName() === className) return;
  const rule = `the layer's class must be ${className}, as the built-in LSTM has no other step`;
  throw invalidArgument('toBuiltIn', rule, layer.getClassName(), { layer: layer.name });
}

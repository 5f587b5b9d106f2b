import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import type { ConfigDict } from '../host/types.js';
import { ARGUMENTS, type ArgumentName, isMissingInBuiltIn, withUnsavedArguments } from '../layers/arguments.js';
import { LSTM_BRAND, LSTM_CELL_BRAND } from '../layers/brand.js';
import { LSTM } from '../layers/lstm.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import type { Conversion, ConversionOptions } from './conversion.js';
import { convertModel } from './convert-model.js';

/**
 * Copies a model and replaces each of this package's LSTMs with tfjs's built-in LSTM, so that the copy can be loaded with
 * tfjs alone. This is the inverse of `toExplicit`, whose description says what is kept.
 *
 * ```ts
 * await toBuiltIn(model).save('file://model');
 * ```
 *
 * `useFused` and `seed`, if set, are dropped with a note to `onNote`: the built-in has neither, and they do not affect
 * predictions. If the copy is trained further, it has the built-in's defects: it ignores the regularizers of an LSTM, and
 * draws the dropout masks of a cell only once.
 *
 * @param model Sequential or functional.
 * @returns The copy; the caller disposes it.
 * @throws RangeError in the cases in which `toExplicit` does, and for an LSTM that does what the built-in cannot: with
 *   `returnGates`, `zeroOutputForMask` or `activityRegularizer`, or of a class derived from this package's.
 * @category Within TensorFlow.js
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
    if (isExplicitLSTM(layer)) {
      return tf.layers.lstm(withUnsavedArguments(withCellsOwn(config), layer.cell) as tf.LSTMLayerArgs);
    }
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

/** The config of a layer over a given cell, as that of one that made its own: with the cell's arguments among the layer's. */
function withCellsOwn({ cell, ...config }: ConfigDict): ConfigDict {
  const saved = cell as { config: ConfigDict } | undefined;
  return { ...saved?.config, ...config };
}

/** Whatever a config has that the built-in does not: this package saves all such arguments where they are set. */
function droppedArguments(layer: tf.layers.Layer): string[] {
  const config = withCellsOwn(layer.getConfig());
  return (Object.keys(ARGUMENTS) as ArgumentName[]).flatMap((name) => {
    const { inBuiltIn } = ARGUMENTS[name];
    if (config[name] == null || !isMissingInBuiltIn(inBuiltIn)) return [];
    if (inBuiltIn === 'dropped')
      return [`${name} of '${layer.name}' is dropped, because the built-in LSTM does not have it.`];
    const rule = `${name} must not be set, because the built-in LSTM does not have it`;
    throw invalidArgument('toBuiltIn', rule, config[name], { layer: layer.name });
  });
}

function requireOwnClass(layer: tf.layers.Layer): void {
  const className = isExplicitLSTM(layer) ? LSTM.className : LSTMCell.className;
  if (layer.getClassName() === className) return;
  const rule = `the layer's class must be ${className}, because the built-in LSTM can only run the standard step`;
  throw invalidArgument('toBuiltIn', rule, layer.getClassName(), { layer: layer.name });
}

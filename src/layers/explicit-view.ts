import type * as tf from '@tensorflow/tfjs';
import { isBuiltInLSTM, isBuiltInLSTMCell } from '../host/built-in-classes.js';
import type { BuiltInCell } from '../host/types.js';
import { ARGUMENTS_FOR_WEIGHTS, type LSTMArgs, withUnsavedArguments } from './arguments.js';
import { LSTM_BRAND, LSTM_CELL_BRAND } from './brand.js';
import { LSTM } from './lstm.js';
import type { LSTMCell } from './lstm-cell.js';

/** A layer that computes an LSTM: of this package, of tfjs, or tfjs's RNN over one cell of either. */
export type LSTMLike = tf.layers.RNN & { cell: LSTMCell | BuiltInCell };

export function isExplicitLSTM(layer: tf.layers.Layer): layer is LSTM {
  return LSTM_BRAND in layer;
}

/** Whether a cell is an LSTM's, of this package or of tfjs. */
export function isLSTMCell(cell: tf.layers.Layer): cell is LSTMCell | BuiltInCell {
  return LSTM_CELL_BRAND in cell || isBuiltInLSTMCell(cell);
}

/** Whether a layer computes one LSTM, so that `explicitView` applies. */
export function isLSTMLike(layer: tf.layers.Layer): layer is LSTMLike {
  if (isExplicitLSTM(layer) || isBuiltInLSTM(layer)) return true;
  const { cell } = layer as Partial<LSTMLike>;
  return layer.getClassName() === 'RNN' && cell !== undefined && isLSTMCell(cell);
}

/**
 * An explicit LSTM over the very weights of another layer: what it computes, the other layer computes. It has no states
 * of its own, even if the other layer is stateful, and it is not to be disposed. An explicit LSTM's view is itself.
 *
 * @param options `returnState`: whether the view returns its states, where it is not the layer itself. Default: as the
 *   layer does.
 */
export function explicitView(layer: LSTMLike, { returnState = layer.returnState } = {}): LSTM {
  if (isExplicitLSTM(layer)) return layer;
  const { returnSequences, goBackwards, name } = layer;
  return explicitViewOfCell(layer.cell, { returnSequences, returnState, goBackwards, name });
}

/** An explicit LSTM over the very weights of a cell. */
export function explicitViewOfCell(cell: LSTMCell | BuiltInCell, args: Omit<LSTMArgs, 'units'> = {}): LSTM {
  const config = cell.getConfig();
  // The view has weights already. A user's own classes need not be registered, and then no config brings them back.
  for (const name of ARGUMENTS_FOR_WEIGHTS) delete config[name];
  const cellArgs = withUnsavedArguments(config, cell as BuiltInCell);
  const view = new LSTM({ ...cellArgs, ...args, stateful: false });
  const { kernel, recurrentKernel, bias, built, stepEdit = null } = cell as LSTMCell;
  if (LSTM_CELL_BRAND in cell) Object.assign(view, { cell });
  else Object.assign(view.cell, { kernel, recurrentKernel, bias, built, stepEdit });
  view.built = built;
  return view;
}

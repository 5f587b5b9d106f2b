import * as tf from '@tensorflow/tfjs';
import type { BuiltInCell } from './types.js';

/** tfjs's built-in `LSTM` class. */
export type BuiltInLSTM = tf.layers.RNN & { cell: BuiltInCell };
export type BuiltInClass = new (args: tf.LSTMLayerArgs) => BuiltInLSTM;

// tfjs does not export its classes, and the class that is registered under the name may be a user's own. The probes'
// names keep them from using up automatic ones.

export function builtInLSTMClass(): BuiltInClass {
  lstmClass ??= tf.layers.lstm({ units: 1, name: 'probe' }).constructor as BuiltInClass;
  return lstmClass;
}

let lstmClass: BuiltInClass | undefined;

/** tfjs's `LSTMCell` class. */
export type CellClass = new (args: tf.LSTMCellLayerArgs) => BuiltInCell;

export function builtInCellClass(): CellClass {
  cellClass ??= tf.layers.lstmCell({ units: 1, name: 'probe' }).constructor as CellClass;
  return cellClass;
}

let cellClass: CellClass | undefined;

/** tfjs's `StackedRNNCells` class, which `tf.layers.rnn` makes of a list of cells. */
export type StackClass = new (args: {
  cells: tf.layers.RNNCell[];
}) => tf.layers.RNNCell & { cells: tf.layers.RNNCell[] };

export function builtInStackClass(): StackClass {
  stackClass ??= tf.layers.stackedRNNCells({ cells: [], name: 'probe' } as never).constructor as unknown as StackClass;
  return stackClass;
}

let stackClass: StackClass | undefined;

export type Conv1DArgs = Parameters<typeof tf.layers.conv1d>[0];

/** tfjs's own Conv1D, to derive from. */
export function builtInConv1DClass(): new (args: Conv1DArgs) => tf.layers.Layer {
  const probe = tf.layers.conv1d({ filters: 1, kernelSize: 1, name: 'probe' });
  return probe.constructor as new (
    args: Conv1DArgs,
  ) => tf.layers.Layer;
}

/** Whether a layer is tfjs's own LSTM, not a class derived from it or registered in its place. */
export function isBuiltInLSTM(layer: tf.layers.Layer): layer is BuiltInLSTM {
  return layer.getClassName() === 'LSTM' && layer.constructor === builtInLSTMClass();
}

/** Whether a layer is tfjs's own LSTMCell. */
export function isBuiltInLSTMCell(layer: tf.layers.Layer): layer is BuiltInCell {
  const isNamed = layer.getClassName() === 'LSTMCell';
  return isNamed && layer.constructor === builtInCellClass();
}

import * as tf from '@tensorflow/tfjs';
import { type LSTMArgs, type LSTMCellArgs, lstm, lstmCell } from '../../src/index.js';

/** What makes an LSTM: tfjs's own functions or this package's. */
export interface Factories {
  lstm(args: LSTMArgs): tf.layers.Layer;
  lstmCell(args: LSTMCellArgs): tf.layers.RNNCell;
}

export const BUILT_IN: Factories = {
  lstm: (args) => tf.layers.lstm({ ...args } as tf.LSTMLayerArgs),
  lstmCell: (args) => tf.layers.lstmCell({ ...args } as tf.LSTMCellLayerArgs),
};

export const EXPLICIT: Factories = { lstm, lstmCell };

/** Both, by name: for what holds of either. */
export const KINDS = [
  ['this package', EXPLICIT],
  ['tfjs', BUILT_IN],
] as const;

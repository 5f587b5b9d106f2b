import * as tf from '@tensorflow/tfjs';
import type { BuiltInCell } from './host-types.js';

type BuiltInLSTM = tf.layers.RNN & { cell: BuiltInCell };

// tfjs does not export its classes, and the class that is registered under the name may be a user's own. The probes'
// names keep them from using up automatic ones.

/** Whether a layer is tfjs's own LSTM, not a class derived from it or registered in its place. */
export function isBuiltInLSTM(layer: tf.layers.Layer): layer is BuiltInLSTM {
  return (
    layer.getClassName() === 'LSTM' && layer.constructor === tf.layers.lstm({ units: 1, name: 'probe' }).constructor
  );
}

/** Whether a layer is tfjs's own LSTMCell. */
export function isBuiltInLSTMCell(layer: tf.layers.Layer): layer is BuiltInCell {
  const isNamed = layer.getClassName() === 'LSTMCell';
  return isNamed && layer.constructor === tf.layers.lstmCell({ units: 1, name: 'probe' }).constructor;
}

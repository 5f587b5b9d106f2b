import * as tf from '@tensorflow/tfjs';
import type { LSTMArgs } from '../../src/index.js';
import { BUILT_IN, EXPLICIT, type Factories } from './factories.js';

type MakeLayer = (args: LSTMArgs) => tf.layers.RNN;

const overOneCell =
  (make: Factories): MakeLayer =>
  ({ returnSequences, returnState, goBackwards, stateful, name, ...cellArgs }) => {
    const cell = make.lstmCell(cellArgs);
    const args = { cell, returnSequences, returnState, goBackwards, stateful, ...(name && { name }) };
    return tf.layers.rnn(args as tf.RNNLayerArgs);
  };

/** Every layer that computes one LSTM. */
export const LAYER_KINDS = {
  'the explicit layer': (args) => EXPLICIT.lstm(args) as tf.layers.RNN,
  'the built-in layer': (args) => BUILT_IN.lstm(args) as tf.layers.RNN,
  'tf.layers.rnn over an explicit cell': overOneCell(EXPLICIT),
  'tf.layers.rnn over a built-in cell': overOneCell(BUILT_IN),
} as const satisfies Record<string, MakeLayer>;

export type LayerKind = keyof typeof LAYER_KINDS;
export const LAYER_KIND_NAMES = Object.keys(LAYER_KINDS) as LayerKind[];

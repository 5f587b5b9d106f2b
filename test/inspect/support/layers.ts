import * as tf from '@tensorflow/tfjs';
import { BUILT_IN, EXPLICIT } from '../../support/factories.js';
import { randomizeWeights } from '../../support/random.js';

/** Everything that holds the weights of one LSTM. */
export const LAYER_KINDS = [
  'an explicit LSTM',
  'a built-in LSTM',
  'an RNN over an explicit cell',
  'an RNN over a built-in cell',
  'an explicit cell',
  'a built-in cell',
] as const;
export type LayerKind = (typeof LAYER_KINDS)[number];

export function newLayerOfKind(kind: LayerKind, units: number, name?: string): tf.layers.Layer {
  const factories = kind.includes('explicit') ? EXPLICIT : BUILT_IN;
  const args = { units, ...(name !== undefined && { name }) };
  if (kind.endsWith('LSTM')) return factories.lstm(args);
  if (kind.includes('RNN')) return tf.layers.rnn({ cell: factories.lstmCell({ units }), ...args });
  return factories.lstmCell(args);
}

/** A built layer with random weights. */
export function layerOfKind(kind: LayerKind, { units, features }: { units: number; features: number }) {
  const layer = newLayerOfKind(kind, units);
  if (kind.endsWith('cell') && !kind.includes('RNN')) layer.build([null, features]);
  else layer.apply(tf.input({ shape: [null, features] }));
  randomizeWeights(layer, 11);
  return layer;
}

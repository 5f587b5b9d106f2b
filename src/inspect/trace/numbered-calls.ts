import type * as tf from '@tensorflow/tfjs';
import { type Direction, directionOf } from '../model/places.js';
import type { LSTMCall } from './lstm-call.js';

/** Which call of which LSTM of a model something belongs to. */
export interface CallName {
  /** The layer's name, with its path in nested models ('encoder/lstm_1'); if it is wrapped, the wrapper's name. */
  layerName: string;
  /** 'backward' if the layer reads the last timestep first. */
  direction: Direction;
  /** Index among stacked cells, counting cells of other kinds; 0 if cells are not stacked. */
  cell: number;
  /** How many earlier calls of this LSTM there were under this name: 0, unless it is shared or inside timeDistributed. */
  call: number;
}

/** Names calls, which are given in the order in which they were made. */
export function nameCalls(calls: LSTMCall[]): CallName[] {
  const counts = new Map<string, number>();
  return calls.map(({ layerName, layer, cell }) => {
    const direction = directionOf(layer as tf.layers.Layer);
    const key = `${layerName} ${direction} ${cell}`;
    const call = counts.get(key) ?? 0;
    counts.set(key, call + 1);
    return { layerName, direction, cell, call };
  });
}

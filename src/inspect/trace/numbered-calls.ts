import type * as tf from '@tensorflow/tfjs';
import { type Direction, directionOf } from '../model/places.js';
import type { LSTMCall } from './lstm-call.js';

/** Which call of which LSTM of a model something belongs to. */
export interface CallName {
  /** The layer's name, with its path in nested models ('encoder/lstm_1'); a wrapper's name where it is wrapped. */
  layerName: string;
  /** 'backward' if the layer reads the last timestep first. */
  direction: Direction;
  /** Index among stacked cells, those of other kinds counted; else 0. */
  cell: number;
  /** How often this LSTM had been called under this name before: 0, unless the layer is shared or distributed over time. */
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

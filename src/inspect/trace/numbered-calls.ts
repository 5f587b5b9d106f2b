import type { LSTMPlace } from '../model/find-lstms.js';
import type { LSTMCall } from './lstm-call.js';

/** Which call of which LSTM of a model something belongs to. */
export interface CallName extends LSTMPlace {
  /** How many earlier calls of this LSTM there were under this name: 0, unless it is shared or inside timeDistributed. */
  call: number;
}

/** Names calls, which are given in the order in which they were made. */
export function nameCalls(calls: LSTMCall[]): CallName[] {
  const counts = new Map<string, number>();
  return calls.map(({ lstm: { layerName, direction, cell } }) => {
    const key = `${layerName} ${direction} ${cell}`;
    const call = counts.get(key) ?? 0;
    counts.set(key, call + 1);
    return { layerName, direction, cell, call };
  });
}

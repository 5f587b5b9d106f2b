import type { CallName } from '../../inspect/trace/numbered-calls.js';

/** An LSTM as a person names it: `encoder, backward`, `rnn, cell 1`, `shared, call 2`. */
export function layerTitle({ layerName, direction, cell, call }: CallName): string {
  return [
    layerName,
    ...(direction === 'backward' ? ['backward'] : []),
    ...(cell > 0 ? [`cell ${cell}`] : []),
    ...(call > 0 ? [`call ${call}`] : []),
  ].join(', ');
}

import { logTicks } from '../rows/log-ticks.js';
import type { Json } from './theme.js';

/** Scale and axis of positive values, for the channel of an encoding. */
export function logAxis(values: readonly number[]): { scale: Json; axis: Json } {
  const { domain, values: labelled, isShort } = logTicks(values);
  return {
    scale: { type: 'log', nice: false, domain },
    axis: { values: labelled, format: isShort ? '~g' : '~e', labelOverlap: 'greedy' },
  };
}

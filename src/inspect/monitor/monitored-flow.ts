import type { FlowStatistics } from '../gradient/flow-types.js';
import type { MonitoredFlow } from './history-types.js';

/** So many timesteps at most are kept in a record. */
const MOST_TIMESTEPS = 64;

/** A flow in so many numbers that a history of them stays small, however long the sequences. */
export function monitoredFlow({ timesteps, dh, dc, verdict, slope, sentence }: FlowStatistics): MonitoredFlow {
  const kept = chosenTimesteps(timesteps);
  const at = (norms: (number | null)[]) => kept.map((t) => norms[t] ?? null);
  return { timesteps: kept, dh: at(dh), dc: at(dc), verdict, slope, sentence };
}

/** Evenly spread, the first and the last among them. */
function chosenTimesteps(timesteps: number): number[] {
  const count = Math.min(timesteps, MOST_TIMESTEPS);
  return Array.from({ length: count }, (_, n) => Math.round((n * (timesteps - 1)) / Math.max(count - 1, 1)));
}

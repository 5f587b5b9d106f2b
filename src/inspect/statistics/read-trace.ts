import { byQuantity, QUANTITIES, type Quantity } from '../../core/quantities.js';
import type { GateTrace } from '../../layers/trace.js';

/** The values of a trace off the device: each quantity [B, T, U], flat. */
export interface TraceValues {
  sequences: Record<Quantity, ArrayLike<number>>;
  /** [B, T], flat; null: every step is valid. */
  mask: ArrayLike<number> | null;
  batch: number;
  timesteps: number;
}

export async function readTrace(trace: GateTrace): Promise<TraceValues> {
  const [batch, timesteps] = trace.c.shape;
  // Every read starts before the first await, so that the trace may be disposed in the meantime.
  const reads = QUANTITIES.map((quantity) => trace[quantity].data());
  const [mask, ...values] = await Promise.all([trace.mask?.data() ?? null, ...reads]);
  return { sequences: byQuantity((_, n) => values[n] as Float32Array), mask, batch, timesteps };
}

import { QUANTITIES, quantitiesOf } from '../../core/quantities.js';
import type { GateTrace } from '../../layers/trace.js';
import type { Activations } from '../gate-activations.js';

/** The values of a trace off the device. */
export interface TraceValues {
  /** By quantity, in the cell's order, each [B, T, width], flat. */
  sequences: Readonly<Record<string, ArrayLike<number>>>;
  /** [B, T], flat; null: every step is valid. */
  mask: ArrayLike<number> | null;
  batch: number;
  timesteps: number;
}

/** What traces must have in common for statistics over all of them to mean something. */
export interface TraceKind extends Activations {
  units: number;
  /** Of each gate and state, in the cell's order. Absent: those of the plain LSTM, U wide. */
  widths?: Readonly<Record<string, number>>;
}

interface Listed {
  gates?: GateTrace['gates'] | undefined;
  states?: GateTrace['states'] | undefined;
}

/** What a trace has a sequence of, in order. One that lists neither gates nor states has those of the plain LSTM. */
export function quantitiesOfTrace({ gates, states }: Listed): readonly string[] {
  if (gates == null || states == null) return QUANTITIES;
  return quantitiesOf({ gateNames: Object.keys(gates), stateNames: Object.keys(states) });
}

/** The sequence of a quantity that the trace has. */
export function sequenceOf(trace: GateTrace, quantity: string): GateTrace['h'] {
  return (trace as unknown as Record<string, GateTrace['h']>)[quantity] as GateTrace['h'];
}

/** What a trace has in common with others of the same LSTM. */
export function kindOfTrace(trace: GateTrace): TraceKind {
  const { units, activation, recurrentActivation, gateActivations } = trace;
  const widths: Record<string, number> = {};
  for (const quantity of quantitiesOfTrace(trace)) widths[quantity] = sequenceOf(trace, quantity).shape[2];
  return { units, activation, recurrentActivation, gateActivations, widths };
}

export async function readTrace(trace: GateTrace): Promise<TraceValues> {
  const [batch, timesteps] = trace.h.shape;
  const quantities = quantitiesOfTrace(trace);
  // Every read starts before the first await, so that the trace may be disposed in the meantime.
  const reads = quantities.map((quantity) => sequenceOf(trace, quantity).data());
  const [mask, ...values] = await Promise.all([trace.mask?.data() ?? null, ...reads]);
  const sequences: Record<string, ArrayLike<number>> = {};
  for (const [n, quantity] of quantities.entries()) sequences[quantity] = values[n] as Float32Array;
  return { sequences, mask, batch, timesteps };
}

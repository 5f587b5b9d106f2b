import type { GateTrace } from '../../layers/trace.js';
import type { Activations } from '../gate-activations.js';
import { readTrace, type TraceValues as Values } from '../statistics/read-trace.js';
import { requireTrace } from '../statistics/require-trace.js';

/** A trace as plain numbers, which nobody has to dispose. */
export interface TraceValues extends Values, Activations {
  /** The number of units in the trace: U. */
  units: number;
  /** The indices of these units in the layer; absent if the trace has all units. */
  unitIndices?: readonly number[] | undefined;
}

/**
 * Reads a trace off the device, for the functions that search traces. These read it themselves on every backend but webgpu,
 * where numbers can only be waited for.
 *
 * ```ts
 * const values = await traceValues(trace);
 * trace.dispose();
 * unitsOn([values], { sample: 0, from: 1, to: 4 });
 * ```
 *
 * @param trace Of any LSTM; it is not disposed.
 * @returns Each gate and state by name, [B, T, U], flat, and the mask, [B, T], flat.
 * @throws RangeError (as a rejection) for what is not a trace, and for a disposed one.
 * @category See the gates
 */
export async function traceValues(trace: GateTrace): Promise<TraceValues> {
  requireTrace('traceValues', trace);
  const { units, unitIndices, activation, recurrentActivation, gateActivations } = trace;
  const values = await readTrace(trace);
  return { ...values, units, unitIndices, activation, recurrentActivation, gateActivations };
}

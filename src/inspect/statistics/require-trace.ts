import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import type { GateTrace } from '../../layers/trace.js';
import { quantitiesOfTrace, sequenceOf } from './read-trace.js';

/**
 * Checks that a value is a trace whose tensors can be read.
 *
 * @throws RangeError
 */
export function requireTrace(where: string, trace: unknown): asserts trace is GateTrace {
  if (!hasSequences(trace)) {
    throw invalidArgument(where, 'trace must be a GateTrace, as traceLayer returns it', trace);
  }
  const quantities = quantitiesOfTrace(trace);
  const [batch, timesteps] = sequenceOf(trace, quantities.includes('c') ? 'c' : 'h').shape;
  const listedWidth = (quantity: string) => (trace.gates?.[quantity] ?? trace.states?.[quantity])?.shape[2];
  // Some of a variant's may be of other widths, but not all.
  const isListed = quantities.some((quantity) => listedWidth(quantity) === trace.units);
  for (const quantity of quantities) {
    const shape = [batch, timesteps, (isListed ? listedWidth(quantity) : undefined) ?? trace.units];
    const received = sequenceOf(trace, quantity).shape;
    if (tf.util.arraysEqual(received, shape)) continue;
    throw invalidArgument(where, `trace.${quantity} must be [B, T, U] = [${shape.join(', ')}]`, received);
  }
  requireMask(where, trace.mask, [batch, timesteps]);
  const disposed = quantities.filter((name) => sequenceOf(trace, name).isDisposed);
  if (trace.mask?.isDisposed) disposed.push('mask');
  if (disposed.length > 0) throw invalidArgument(where, 'trace must not have disposed tensors', disposed);
}

function hasSequences(trace: unknown): trace is GateTrace {
  if (typeof trace !== 'object' || trace === null) return false;
  const { units, gates, states } = trace as Partial<GateTrace>;
  if (typeof units !== 'number') return false;
  const quantities = quantitiesOfTrace({ gates, states });
  return quantities.every((quantity) => sequenceOf(trace as GateTrace, quantity) instanceof tf.Tensor);
}

function requireMask(where: string, mask: unknown, shape: number[]): void {
  if (mask === null) return;
  const isFitting = mask instanceof tf.Tensor && tf.util.arraysEqual(mask.shape, shape);
  if (!isFitting) throw invalidArgument(where, `trace.mask must be null or [B, T] = [${shape.join(', ')}]`, mask);
}

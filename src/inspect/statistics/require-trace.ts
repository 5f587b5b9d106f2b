import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { QUANTITIES } from '../../core/quantities.js';
import type { GateTrace } from '../../layers/trace.js';

/**
 * Checks that a value is a trace whose tensors can be read.
 *
 * @throws RangeError
 */
export function requireTrace(where: string, trace: unknown): asserts trace is GateTrace {
  if (!hasSequences(trace)) {
    throw invalidArgument(where, 'trace must be a GateTrace, as traceLayer returns it', trace);
  }
  const [batch, timesteps] = trace.c.shape;
  const shape = [batch, timesteps, trace.units];
  for (const quantity of QUANTITIES) {
    const received = trace[quantity].shape;
    if (tf.util.arraysEqual(received, shape)) continue;
    throw invalidArgument(where, `trace.${quantity} must be [B, T, U] = [${shape.join(', ')}]`, received);
  }
  requireMask(where, trace.mask, [batch, timesteps]);
  const disposed = [...QUANTITIES, 'mask' as const].filter((name) => trace[name]?.isDisposed);
  if (disposed.length > 0) throw invalidArgument(where, 'trace must not have disposed tensors', disposed);
}

function hasSequences(trace: unknown): trace is GateTrace {
  if (typeof trace !== 'object' || trace === null) return false;
  const { units } = trace as Partial<GateTrace>;
  return (
    typeof units === 'number' && QUANTITIES.every((quantity) => (trace as GateTrace)[quantity] instanceof tf.Tensor)
  );
}

function requireMask(where: string, mask: unknown, shape: number[]): void {
  if (mask === null) return;
  const isFitting = mask instanceof tf.Tensor && tf.util.arraysEqual(mask.shape, shape);
  if (!isFitting) throw invalidArgument(where, `trace.mask must be null or [B, T] = [${shape.join(', ')}]`, mask);
}

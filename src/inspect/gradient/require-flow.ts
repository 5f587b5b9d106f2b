import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import type { GradientFlow } from './flow-types.js';

/**
 * Checks that something is a gradient flow that can be read.
 *
 * @throws RangeError
 */
export function requireFlow(where: string, flow: unknown): asserts flow is GradientFlow {
  const { dh, dc, trace } = (flow ?? {}) as Partial<GradientFlow>;
  if (!(dh instanceof tf.Tensor && dc instanceof tf.Tensor) || trace === undefined) {
    throw invalidArgument(where, 'flow must be what gradientFlow returns', flow);
  }
  if (dh.isDisposed) throw invalidArgument(where, 'flow must not be disposed', flow);
}

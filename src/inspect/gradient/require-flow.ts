import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import type { FlowStatisticsOptions, GradientFlow } from './flow-types.js';

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

export type FlowThresholds = Required<FlowStatisticsOptions>;

const DEFAULTS = { vanishing: 1e-3, exploding: 1e3 };

/** @throws RangeError for a threshold out of range, and for timesteps that there are not. */
export function thresholdsOf(
  where: string,
  { jacobianAt, vanishing, exploding }: FlowStatisticsOptions,
  timesteps: number,
): FlowThresholds {
  const thresholds = {
    jacobianAt: jacobianAt ?? [],
    vanishing: vanishing ?? DEFAULTS.vanishing,
    exploding: exploding ?? DEFAULTS.exploding,
  };
  const isStep = (t: unknown) => Number.isSafeInteger(t) && (t as number) >= 0 && (t as number) < timesteps;
  if (!Array.isArray(thresholds.jacobianAt) || !thresholds.jacobianAt.every(isStep)) {
    const rule = `jacobianAt must be whole numbers from 0 to ${timesteps - 1}`;
    throw invalidArgument(where, rule, thresholds.jacobianAt);
  }
  if (!(thresholds.vanishing > 0 && thresholds.vanishing < 1)) {
    throw invalidArgument(where, 'vanishing must be a number between 0 and 1', thresholds.vanishing);
  }
  if (!(thresholds.exploding > 1)) {
    throw invalidArgument(where, 'exploding must be a number above 1', thresholds.exploding);
  }
  return thresholds;
}

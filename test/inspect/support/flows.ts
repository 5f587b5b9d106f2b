import type * as tf from '@tensorflow/tfjs';
import type { GradientFlow } from '../../../src/inspect/index.js';
import { expectAllClose } from '../../support/close.js';

/** Every tensor of a flow but those of its trace. */
export function tensorsOfFlow(flow: GradientFlow): tf.Tensor[] {
  const { dh, dc, dz, dx, dh0, dc0, dhRecurrent, dcCell, outputSlope, dWeights, loss, x, weights } = flow;
  const { kernel, recurrentKernel, bias } = dWeights;
  const byGate = [dz, kernel, recurrentKernel, ...(bias === null ? [] : [bias])];
  const gates = byGate.flatMap(({ i, f, g, o }) => [i, f, g, o] as tf.Tensor[]);
  return [dh, dc, dx, dh0, dc0, dhRecurrent, dcCell, outputSlope, loss, x, ...gates, ...weights];
}

export function expectSameFlow(actual: GradientFlow, expected: GradientFlow): void {
  expectAllClose(tensorsOfFlow(actual), tensorsOfFlow(expected));
  const { c, h } = expected.trace;
  expectAllClose([actual.trace.c, actual.trace.h], [c, h]);
  expect(actual.goBackwards).toBe(expected.goBackwards);
}

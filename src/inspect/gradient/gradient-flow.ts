import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { CHECKED_LATER, checkOptions } from '../../core/options.js';
import { tidy } from '../../core/tidy.js';
import { watchedGradients } from '../../host/watched-gradients.js';
import type { TraceOptions } from '../../layers/trace.js';
import { tellingOutOfMemory } from '../model/out-of-memory.js';
import { flowSize } from './flow-bytes.js';
import type { GradientFlow } from './flow-types.js';
import { oneCall } from './one-call.js';
import { because, requireScalar } from './refusals.js';
import { NOTHING_INCOMING, requirePreActivations, sequenceFlow, traceForFlow } from './sequence-flow.js';

/**
 * A loss computed from the hidden states of all timesteps, [B, T, U] in the order of the input; at a masked step h keeps its value.
 */
export type SequenceLoss = (h: tf.Tensor3D) => tf.Scalar;

/** The initial states and the mask of the sequence; see `TraceOptions`. */
export type GradientFlowOptions = Pick<TraceOptions, 'initialState' | 'mask'>;

/**
 * Follows the gradient of a loss back through an LSTM, step by step: backpropagation through time, made visible. The loss
 * may depend on the last step, on every step, or on any of them. Inference mode: no dropout. The layer may be this
 * package's or `tf.layers.lstm`, or `tf.layers.rnn` over one cell of either, frozen or not; it is not changed.
 *
 * ```ts
 * const flow = gradientFlow(model.getLayer('lstm'), x, (h) => h.gather([T - 1], 1).square().mean());
 * console.log((await flowStatistics(flow)).sentence);
 * flow.dispose();
 * ```
 *
 * Every gradient equals the one that tfjs's automatic differentiation computes on the plain path. The layer runs once and
 * keeps all its gates; then the gradients are followed back step by step, using the vector-Jacobian product of each step.
 * Time and memory are proportional to T; `gradientFlowBytes` says how much memory.
 *
 * Werbos 1990, "Backpropagation through time: what it does and how to do it".
 *
 * @param layer A layer that is built.
 * @param x [B, T, D], B and T at least 1.
 * @param loss A differentiable function of h, [B, T, U], that returns a scalar.
 * @returns Gradients as sequences [B, T, U], those of the weights, and the trace; the caller disposes it.
 * @throws RangeError for a layer that is not an LSTM, for inputs of a wrong shape, and for a loss that does not return a
 *   scalar or does not depend on h through differentiable operations; Error for a layer that is not built;
 *   OutOfMemoryError; and whatever the loss throws.
 * @category Gradients through time
 */
export function gradientFlow(
  layer: tf.layers.Layer,
  x: tf.Tensor,
  loss: SequenceLoss,
  options: GradientFlowOptions = {},
): GradientFlow {
  const where = 'gradientFlow';
  checkOptions(where, options, { initialState: CHECKED_LATER, mask: CHECKED_LATER });
  const { cell, sequence, goBackwards, name } = oneCall(where, layer, x, options);
  requirePreActivations(where, cell, name);
  if (typeof loss !== 'function') throw invalidArgument(where, 'loss must be a function of h', loss, { layer: name });
  const take = () =>
    tidy(() => {
      const floats = { ...sequence, x: tf.cast(sequence.x, 'float32') };
      const { trace, run } = traceForFlow(where, { name, cell, goBackwards }, floats);
      const refusal = (cause?: unknown) => {
        const rule = `loss must depend on h through differentiable operations${because(cause)}`;
        return invalidArgument(where, rule, loss, { layer: name, cause });
      };
      const h = tf.clone(trace.h);
      const { gradientOf, value } = watchedGradients([h], () => requireScalar(where, loss(h), name), refusal);
      const outputs = gradientOf(h) as tf.Tensor3D | null;
      if (outputs === null) throw refusal();
      return sequenceFlow(
        cell,
        { x: floats.x, trace, goBackwards, zeroOutputForMask: false },
        { loss: value, incoming: { ...NOTHING_INCOMING, outputs }, refusal },
        run,
      );
    });
  return tellingOutOfMemory(where, () => flowSize(x.shape as [number, number, number], cell.units).peakBytes, take);
}

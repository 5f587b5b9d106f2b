import type * as tf from '@tensorflow/tfjs';
import { checkOptions, type OptionRules } from '../../core/options.js';
import type { GateTrace } from '../../layers/trace.js';
import { requireModelWithLSTM } from '../model/find-lstms.js';
import { type ModelInputs, modelInputs } from '../model/model-data.js';
import { requireUnitChoice, type UnitChoice, type UnitsOf } from './chosen-units.js';
import { disposeCalls, traceOfCall } from './lstm-call.js';
import { type CallName, nameCalls } from './numbered-calls.js';
import { observeCalls } from './observe-calls.js';

/** The options of `traceModel`. */
export interface TraceModelOptions {
  /** Which units to keep. Default: all. */
  units?: UnitChoice | null | undefined;
}

// Which units there are depends on the model.
export const TRACE_MODEL_RULES = {
  units: { must: 'an array, or arrays by layer name', holds: (units) => typeof units === 'object' },
} satisfies OptionRules;

/** The trace of one call of one LSTM. */
export interface LayerTrace extends CallName {
  /** The caller disposes it. */
  trace: GateTrace;
}

/**
 * Returns every gate of every LSTM of a model, of this package or of tfjs, as the model runs it: with the inputs, states
 * and masks that it receives in the model, in inference mode. There is one entry for each call, in the order in which the
 * model makes them: two for a Bidirectional, and one for each LSTM cell of stacked cells.
 *
 * - A layer wrapped in `timeDistributed` is called once for each outer timestep.
 * - A model runs a layer once for each of its outputs that is used. Here that is one call; of a stateful layer, the first.
 * - Dropout masks that tfjs's cells keep in `tf.layers.rnn` after training, and apply in `predict`, are not applied.
 * - A cell that a custom layer steps through time itself is not found, because only that layer knows its sequence.
 *
 * The model is not changed: states, weights, methods. (A custom layer with states of its own, outside `tf.layers.RNN`, is
 * run as by `predict`.) Traces are taken from the run itself; only an LSTM of a class of your own, or whose `call` you
 * replaced, is run once more. The inputs of the LSTMs are held until all are traced; `traceBytes` says beforehand how large
 * the traces are.
 *
 * ```ts
 * const traces = traceModel(model, x);
 * for (const { layerName, direction, trace } of traces) {
 *   console.log(layerName, direction, await trace.f.mean().data());
 *   trace.dispose();
 * }
 * ```
 *
 * @param inputs One tensor, one for each input of the model, or tensors by the names of the inputs; each [B, ...], or [B]
 *   for [B, 1].
 * @returns Traces with i, f, g, o, c, h, each [B, T, U], or [B, T, n] if n units are chosen. The caller disposes them.
 * @throws RangeError for what is not a model with an LSTM, for inputs of a wrong number or shape, and for unknown units;
 *   Error for a model that is not built; and whatever the model throws.
 * @category See the gates
 */
export function traceModel(model: tf.LayersModel, inputs: ModelInputs, options: TraceModelOptions = {}): LayerTrace[] {
  const where = 'traceModel';
  checkOptions(where, options, TRACE_MODEL_RULES);
  const lstms = requireModelWithLSTM(where, model);
  const unitsOf = requireUnitChoice(where, lstms, options.units);
  const { list, dispose } = modelInputs(where, model, inputs);
  try {
    return traceCalls(model, list, unitsOf);
  } finally {
    dispose();
  }
}

/**
 * What `traceModel` returns, for inputs that have already been read.
 *
 * @param inputs One for each input of the model, checked.
 * @param where The public function that was called.
 */
export function traceCalls(
  model: tf.LayersModel,
  inputs: tf.Tensor[],
  unitsOf: UnitsOf = () => undefined,
  where = 'traceModel',
): LayerTrace[] {
  const calls = observeCalls(model, inputs, { keptUnits: unitsOf });
  const traces: LayerTrace[] = [];
  try {
    const names = nameCalls(calls);
    for (const [n, call] of calls.entries()) {
      traces.push({ ...(names[n] as CallName), trace: traceOfCall(where, call, unitsOf(call.lstm)) });
      disposeCalls([call]);
    }
    return traces;
  } catch (error) {
    for (const { trace } of traces) trace.dispose();
    throw error;
  } finally {
    disposeCalls(calls);
  }
}

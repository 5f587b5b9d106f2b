import type * as tf from '@tensorflow/tfjs';
import { requireOptions } from '../../core/options.js';
import { concreteInputs } from '../../layers/call-inputs.js';
import { explicitView } from '../../layers/explicit-view.js';
import { type GateTrace, TRACE_OPTIONS, type TraceOptions } from '../../layers/trace.js';
import { requireUnits } from '../../layers/validate-call.js';
import { requireLayer } from '../model/require-layer.js';

/**
 * Shows every gate of a layer at every timestep, in inference mode. The layer may be this package's or an already
 * trained `tf.layers.lstm`, or `tf.layers.rnn` over one cell of either kind. Its states are read, never written.
 *
 * ```ts
 * const trace = traceLayer(model.getLayer('lstm'), x);
 * trace.f.mean([0, 1]).print(); // how much each unit keeps
 * trace.dispose();
 * ```
 *
 * @param layer A layer that is built.
 * @param x [B, T, D].
 * @returns i, f, g, o, c, h, each [B, T, U], or [B, T, n] of n chosen units; the caller disposes it.
 * @throws RangeError for a layer that is not an LSTM, for inputs of a wrong shape and for unknown units; Error for a
 *   layer that is not built.
 */
export function traceLayer(layer: tf.layers.Layer, x: tf.Tensor, options: TraceOptions = {}): GateTrace {
  const where = 'traceLayer';
  const lstm = requireLayer(where, layer);
  requireOptions(where, options, TRACE_OPTIONS);
  const { initialState, mask, units } = options;
  const states = lstm.stateful ? (lstm.states as tf.Tensor[]) : null;
  const view = explicitView(lstm);
  // The view checks too, but in its own name, and not knowing whose states it is given.
  const batchSize = states?.[0]?.shape[0] ?? null;
  concreteInputs(where, { name: lstm.name, cell: view.cell, batchSize }, x, { initialState, mask });
  if (units != null) requireUnits(where, view, units);
  return view.trace(x, { mask, units, initialState: initialState ?? states });
}

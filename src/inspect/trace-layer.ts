import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../core/errors.js';
import { concreteInputs } from '../layers/call-inputs.js';
import { explicitView, isLSTMLike } from '../layers/explicit-view.js';
import type { GateTrace } from '../layers/trace.js';

export interface TraceOptions {
  /** h and c before the first step, each [B, U]. Default: a stateful layer's states, else zeros. */
  initialState?: tf.Tensor[] | null;
  /** [B, T]; 0 is masked. */
  mask?: tf.Tensor | null;
}

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
 * @returns i, f, g, o, c, h, each [B, T, U]; the caller disposes it.
 * @throws RangeError for a layer that is not an LSTM and for inputs of a wrong shape; Error for one that is not built.
 */
export function traceLayer(layer: tf.layers.Layer, x: tf.Tensor, { initialState, mask }: TraceOptions = {}): GateTrace {
  const where = 'traceLayer';
  if (!(layer instanceof tf.layers.Layer) || !isLSTMLike(layer)) {
    const rule = 'layer must be an LSTM, or tf.layers.rnn over one LSTM cell';
    throw invalidArgument(where, rule, layer);
  }
  if (!layer.cell.built) throw invalidState(where, 'the layer must be built first, by apply or build', layer.name);
  const states = layer.stateful ? (layer.states as tf.Tensor[]) : null;
  const view = explicitView(layer);
  // The view checks too, but in its own name, and not knowing whose states it is given.
  const batchSize = states?.[0]?.shape[0] ?? null;
  concreteInputs(where, { name: layer.name, cell: view.cell, batchSize }, x, { initialState, mask });
  return view.trace(x, { mask, initialState: initialState ?? states });
}

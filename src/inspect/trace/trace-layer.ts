import type * as tf from '@tensorflow/tfjs';
import { lstmToRun } from '../../layers/foreign-lstm.js';
import { type GateTrace, type TraceOptions, traceLSTM } from '../../layers/trace.js';
import { requireLayer } from '../model/require-layer.js';

/**
 * Returns every gate of a layer at every timestep, in inference mode. The layer may be this package's or an already
 * trained `tf.layers.lstm`, or `tf.layers.rnn` over one cell of either. Its states are read, never written.
 *
 * ```ts
 * const trace = traceLayer(model.getLayer('lstm'), x);
 * trace.f.mean([0, 1]).print(); // how much each unit keeps
 * trace.dispose();
 * ```
 *
 * @param layer A layer that is built.
 * @param x [B, T, D].
 * @returns i, f, g, o, c, h, each [B, T, U], or [B, T, n] if n units are chosen; the caller disposes it.
 * @throws RangeError for a layer that is not an LSTM, for inputs of a wrong shape, and for unknown units; Error for a
 *   layer that is not built.
 * @category See the gates
 */
export function traceLayer(layer: tf.layers.Layer, x: tf.Tensor, options: TraceOptions = {}): GateTrace {
  const where = 'traceLayer';
  return traceLSTM(where, lstmToRun(requireLayer(where, layer)), x, options).trace;
}

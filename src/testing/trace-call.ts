import type * as tf from '@tensorflow/tfjs';
import { tidy } from '../core/tidy.js';
import { cellToRun, isLSTMCell, isLSTMLike, lstmToRun } from '../layers/foreign-lstm.js';
import { traceLSTM } from '../layers/trace.js';
import type { LSTMToRun } from '../sequence/sequence.js';
import type { TraceName } from './fixture.js';
import { applyLayer, type CallTensors } from './run-call.js';

/** The gates and states of one LSTM, each [B, T, U]; index t is the input's timestep. */
export type TraceTensors = Record<TraceName, tf.Tensor>;

function traceOf(layer: LSTMToRun, { x, mask, initialState }: CallTensors): TraceTensors {
  const options = { mask, initialState: initialState.length === 0 ? null : initialState };
  const { i, f, g, o, c, h } = traceLSTM('traceCall', layer, x, options).trace;
  return { i, f, g, o, c, h };
}

function traceStack(layer: tf.layers.RNN, cells: Parameters<typeof cellToRun>[0][], call: CallTensors) {
  let { x } = call;
  return cells.map((cell, index) => {
    // The states of the last cell come first.
    const first = call.initialState.length - 2 * (index + 1);
    const { goBackwards, name } = layer;
    const lstm = { name, cell: cellToRun(cell), goBackwards, states: null };
    const trace = traceOf(lstm, { ...call, x, initialState: call.initialState.slice(Math.max(first, 0), first + 2) });
    x = trace.h;
    return trace;
  });
}

function traceLayer(layer: tf.layers.Layer, call: CallTensors): TraceTensors[] | null {
  if (isLSTMLike(layer)) return [traceOf(lstmToRun(layer), call)];
  const { forwardLayer, backwardLayer, cell } = layer as unknown as Record<string, tf.layers.Layer | undefined>;
  if (forwardLayer && backwardLayer) {
    const directions = [forwardLayer, backwardLayer];
    if (!directions.every(isLSTMLike)) return null;
    return directions.map((direction, index) =>
      traceOf(lstmToRun(direction), { ...call, initialState: call.initialState.slice(2 * index, 2 * index + 2) }),
    );
  }
  const { cells = [] } = (cell ?? {}) as { cells?: tf.layers.Layer[] };
  return cells.length > 0 && cells.every(isLSTMCell) ? traceStack(layer as tf.layers.RNN, cells, call) : null;
}

/**
 * The gates of every LSTM in a chain of layers, for a call from the layers' own states or the given ones. The caller
 * disposes them. Null where a layer does not consist of LSTMs.
 */
export function traceCall(chain: tf.layers.Layer[], call: CallTensors): TraceTensors[] | null {
  return tidy(() => {
    const traces: (TraceTensors[] | null)[] = [];
    let { x } = call;
    for (const [index, layer] of chain.entries()) {
      traces.push(traceLayer(layer, { ...call, x }));
      if (index < chain.length - 1) x = applyLayer(layer, { ...call, x })[0] as tf.Tensor;
    }
    return traces.some((trace) => trace === null) ? null : (traces.flat() as TraceTensors[]);
  });
}

import * as tf from '@tensorflow/tfjs';
import { tidy } from '../core/tidy.js';
import type { LSTM } from '../layers/lstm.js';
import type { LSTMCell } from '../layers/lstm-cell.js';
import { TRACE_NAMES, type TraceName } from './fixture.js';
import { applyLayer } from './run-call.js';
import type { CallTensors } from './to-tensor.js';

/** The gates and states of one LSTM, each [B, T, U]; index t is the input's timestep. */
export type TraceTensors = Record<TraceName, tf.Tensor>;

// The two builds of this package have a class each, so that a layer is known by what it can do.
function isTraceable(layer: unknown): layer is LSTM {
  return typeof (layer as Partial<LSTM> | null)?.trace === 'function';
}

function hasGates(cell: unknown): cell is LSTMCell {
  return typeof (cell as Partial<LSTMCell> | null)?.step === 'function';
}

function traceLSTM(layer: LSTM, { x, mask, initialState }: CallTensors): TraceTensors {
  const { i, f, g, o, c, h } = layer.trace(x, { mask, initialState: initialState.length === 0 ? null : initialState });
  return { i, f, g, o, c, h };
}

/** Steps a cell through a sequence, as Keras's RNN does: at a masked step the states stay and the gates are 0. */
function traceCell(cell: LSTMCell, { x, mask, initialState }: CallTensors, goBackwards: boolean): TraceTensors {
  const [batch, timesteps] = x.shape as [number, number, number];
  const steps: TraceTensors[] = [];
  let [h, c] = initialState as [tf.Tensor2D, tf.Tensor2D];
  for (let step = 0; step < timesteps; step++) {
    const t = goBackwards ? timesteps - 1 - step : step;
    const seen = mask === null ? tf.ones([batch, 1], 'bool') : tf.slice(mask, [0, t], [batch, 1]);
    const now = cell.step(tf.squeeze(tf.slice(x, [0, t, 0], [batch, 1, -1]), [1]), [h, c]);
    const select = (value: tf.Tensor2D, otherwise: tf.Tensor2D) =>
      tf.where(tf.broadcastTo(seen, value.shape), value, otherwise) as tf.Tensor2D;
    h = select(now.h, h);
    c = select(now.c, c);
    const [i, f, g, o] = [now.i, now.f, now.g, now.o].map((gate) => select(gate, tf.zerosLike(gate)));
    steps[t] = { i, f, g, o, c, h } as TraceTensors;
  }
  const stacked = TRACE_NAMES.map((name) => [
    name,
    tf.stack(
      steps.map((step) => step[name]),
      1,
    ),
  ]);
  return Object.fromEntries(stacked) as TraceTensors;
}

function traceStack(layer: tf.layers.RNN, cells: LSTMCell[], call: CallTensors): TraceTensors[] {
  const batch = call.x.shape[0] as number;
  let { x } = call;
  return cells.map((cell, index) => {
    // The states of the last cell come first.
    const first = call.initialState.length - 2 * (index + 1);
    const given = call.initialState.slice(first, first + 2);
    const initialState = given.length === 2 ? given : [0, 0].map(() => tf.zeros([batch, cell.units]));
    const trace = traceCell(cell, { x, mask: call.mask, initialState }, layer.goBackwards);
    x = trace.h;
    return trace;
  });
}

function traceLayer(layer: tf.layers.Layer, call: CallTensors): TraceTensors[] | null {
  if (isTraceable(layer)) return [traceLSTM(layer, call)];
  const { forwardLayer, backwardLayer, cell } = layer as unknown as Record<string, unknown>;
  if (isTraceable(forwardLayer) && isTraceable(backwardLayer)) {
    return [forwardLayer, backwardLayer].map((direction, index) =>
      traceLSTM(direction, { ...call, initialState: call.initialState.slice(2 * index, 2 * index + 2) }),
    );
  }
  const cells = (cell as { cells?: unknown[] } | undefined)?.cells ?? [];
  return cells.length > 0 && cells.every(hasGates) ? traceStack(layer as tf.layers.RNN, cells, call) : null;
}

/**
 * The gates of every LSTM in a chain of layers, for a call from the layers' own states or the given ones. The caller
 * disposes them. Null where a layer does not show its gates.
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

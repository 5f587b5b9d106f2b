import * as tf from '@tensorflow/tfjs';
import { shapeOf } from '../../core/check-tensor.js';
import { invalidArgument } from '../../core/errors.js';
import { checkOptions } from '../../core/options.js';
import { quantitiesOf, type SizedCell } from '../../core/quantities.js';
import { cellToRun } from '../../layers/foreign-lstm.js';
import { TRACE_RULES, type TraceOptions } from '../../layers/trace.js';
import { requireUnits } from '../../sequence/read-call.js';
import { requireModelWithLSTM } from '../model/find-lstms.js';
import type { ModelInputs } from '../model/model-data.js';
import { requireLayer } from '../model/require-layer.js';
import { requireUnitChoice } from './chosen-units.js';
import type { CallName } from './numbered-calls.js';
import { sizesOfCalls } from './observe-calls.js';
import { TRACE_MODEL_RULES, type TraceModelOptions } from './trace-model.js';

/** How large a trace is. */
export interface TraceSize {
  /** The shape of each of the six sequences: [B, T, U], where U is the number of chosen units. */
  shape: [number, number, number];
  /** The bytes of the sequences of all gates and states, of the states before the first step, and of the mask. */
  bytes: number;
}

/** How large the trace of one call of an LSTM in a model is. */
export interface CallSize extends CallName, TraceSize {}

/**
 * Says how much memory `traceModel` would take, in bytes, for each call in the same order. The model runs once; no trace
 * is made.
 *
 * ```ts
 * const megabytes = traceBytes(model, x).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
 * ```
 *
 * @param inputs As for `traceModel`.
 * @throws What `traceModel` throws.
 * @category See the gates
 */
export function traceBytes(model: tf.LayersModel, inputs: ModelInputs, options: TraceModelOptions = {}): CallSize[] {
  const where = 'traceBytes';
  checkOptions(where, options, TRACE_MODEL_RULES);
  const lstms = requireModelWithLSTM(where, model);
  const unitsOf = requireUnitChoice(where, lstms, options.units);
  return sizesOfCalls(where, model, inputs, ({ lstm, sequence: { x, mask } }) => {
    const [batch, timesteps] = x.shape;
    return sizeOf(cellToRun(lstm.lstmCell), [batch, timesteps], unitsOf(lstm), mask !== null);
  });
}

/**
 * Says how much memory `traceLayer` would take, in bytes, without computing anything.
 *
 * ```ts
 * const { shape, bytes } = traceLayerBytes(layer, x);
 * ```
 *
 * @param layer As for `traceLayer`.
 * @param x [B, T, D]; only its shape is read.
 * @throws RangeError for a layer that is not an LSTM, for an x of another rank, and for unknown units; Error for a layer
 *   that is not built.
 * @category See the gates
 */
export function traceLayerBytes(
  layer: tf.layers.Layer,
  x: tf.Tensor,
  options: Pick<TraceOptions, 'mask' | 'units'> = {},
): TraceSize {
  const where = 'traceLayerBytes';
  const { cell, name } = requireLayer(where, layer);
  const shape = shapeOf(x);
  if (!(x instanceof tf.Tensor) || shape?.length !== 3) {
    throw invalidArgument(where, 'x must be a tensor [B, T, D]', shape ?? x, { layer: name });
  }
  checkOptions(where, options, TRACE_RULES);
  const { mask, units } = options;
  if (units != null) requireUnits(where, { name, cell: cellToRun(cell) }, units);
  const [batch, timesteps] = shape as [number, number, number];
  return sizeOf(cellToRun(cell), [batch, timesteps], units ?? undefined, mask != null);
}

function sizeOf(
  cell: SizedCell,
  [batch, timesteps]: readonly [number, number],
  units: readonly number[] | undefined,
  hasMask: boolean,
): TraceSize {
  const width = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + (units?.length ?? cell.widthOf(name)), 0);
  const floats = batch * (timesteps * width(quantitiesOf(cell)) + width(cell.stateNames));
  const flags = hasMask ? batch * timesteps : 0;
  const bytes = floats * tf.util.bytesPerElement('float32') + flags * tf.util.bytesPerElement('bool');
  return { shape: [batch, timesteps, units?.length ?? cell.units], bytes };
}

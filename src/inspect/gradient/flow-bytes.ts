import * as tf from '@tensorflow/tfjs';
import { shapeOf } from '../../core/check-tensor.js';
import { invalidArgument } from '../../core/errors.js';
import { requireModelWithLSTM } from '../model/find-lstms.js';
import type { ModelInputs } from '../model/model-data.js';
import { requireLayer } from '../model/require-layer.js';
import type { LSTMCall } from '../trace/lstm-call.js';
import type { CallName } from '../trace/numbered-calls.js';
import { sizesOfCalls } from '../trace/observe-calls.js';
import { sizeOfPiece } from './walk-back.js';

/** How much memory a gradient flow takes. */
export interface FlowSize {
  /** Of its sequences: [B, T, U]. */
  shape: [number, number, number];
  /** What the flow holds until it is disposed, including its trace. */
  bytes: number;
  /** About the most that is held while the flow is computed, including the flow itself. */
  peakBytes: number;
}

/** How much memory the gradient flow of one call of an LSTM in a model takes. */
export interface CallFlowSize extends CallName, FlowSize {}

/**
 * Says how much memory `gradientFlow` would take, in bytes, without computing anything. The loss itself takes more on top.
 *
 * ```ts
 * const { peakBytes } = gradientFlowBytes(layer, x);
 * console.log(`${Math.ceil(peakBytes / 1e6)} MB`);
 * ```
 *
 * @param layer As for `gradientFlow`.
 * @param x [B, T, D]; only its shape is read.
 * @throws RangeError for a layer that is not an LSTM and for an x of another rank; Error for a layer that is not built.
 * @category Gradients through time
 */
export function gradientFlowBytes(layer: tf.layers.Layer, x: tf.Tensor): FlowSize {
  const where = 'gradientFlowBytes';
  const { cell, name } = requireLayer(where, layer);
  const shape = shapeOf(x);
  if (!(x instanceof tf.Tensor) || shape?.length !== 3) {
    throw invalidArgument(where, 'x must be a tensor [B, T, D]', shape ?? x, { layer: name });
  }
  return flowSize(x.shape as [number, number, number], cell.units);
}

/**
 * Says how much memory `gradientFlowModel` would take, in bytes, for each call in the same order. The model runs once; no
 * gradient is computed. The peak is the sum of all `bytes`, since all flows are held at once, plus `peakBytes - bytes` of
 * the one being computed, plus what the model's own forward pass takes, all of which tfjs holds as in training.
 *
 * ```ts
 * const megabytes = gradientFlowModelBytes(model, x).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
 * ```
 *
 * @param inputs As for `gradientFlowModel`.
 * @throws RangeError for what is not a model with an LSTM, and for inputs of a wrong number or shape; Error for a model
 *   that is not built; and whatever the model throws.
 * @category Gradients through time
 */
export function gradientFlowModelBytes(model: tf.LayersModel, inputs: ModelInputs): CallFlowSize[] {
  const where = 'gradientFlowModelBytes';
  requireModelWithLSTM(where, model);
  return sizesOfCalls(where, model, inputs, flowSizeOf);
}

/** How much memory the flow of a call takes. */
export function flowSizeOf({ lstm, sequence }: LSTMCall): FlowSize {
  return flowSize(sequence.x.shape, lstm.lstmCell.units);
}

/** i, f, g, o, c, h of the trace. */
const TRACED = 6;
/** dh, dc, dhRecurrent, dcCell, outputSlope and four of dz. */
const GRADIENTS = 9;
/** dz as a whole while it is taken apart, and the gradient that the loss hands in. */
const MORE_AT_THE_PEAK = 5;
/** What a fused kernel saves for its way back: four gates, c and h. Without one, the pieces of `walkBack` are held. */
const SAVED = 6;

/** How much memory the flow of a sequence [B, T, D] through some units takes. */
export function flowSize([batch, timesteps, features]: [number, number, number], units: number): FlowSize {
  const ofUnits = batch * timesteps * units;
  const ofFeatures = batch * timesteps * features;
  const weights = (features + units + 1) * 4 * units;
  const states = 4 * batch * units;
  // The weights twice: as they were, which is a copy once they are trained on, and their gradients.
  const held = (TRACED + GRADIENTS) * ofUnits + 2 * ofFeatures + 2 * weights + states + 1;
  const perNumber = tf.util.bytesPerElement('float32');
  const peak = held + MORE_AT_THE_PEAK * ofUnits + weights;
  return {
    shape: [batch, timesteps, units],
    bytes: perNumber * held,
    peakBytes:
      perNumber * peak + Math.max(perNumber * SAVED * ofUnits, sizeOfPiece([batch, timesteps, features], units).bytes),
  };
}

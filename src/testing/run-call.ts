import * as tf from '@tensorflow/tfjs';
import { type FixtureCall, toTensor } from './fixture.js';
import { layersOfFixtureModel } from './fixture-model.js';

/** What a fixture is checked against. */
export type CheckedTarget = tf.layers.Layer | tf.LayersModel;

export interface CallTensors {
  /** [B, T, D] */
  x: tf.Tensor;
  /** [B, T], bool */
  mask: tf.Tensor | null;
  /** Each [B, U]; empty: none given. */
  initialState: tf.Tensor[];
}

/** A call's inputs as tensors, which the caller disposes. */
export function callTensors({ input, mask, initialStates }: FixtureCall): CallTensors {
  return {
    x: toTensor(input),
    mask: mask === null ? null : tf.tensor(mask.values, mask.shape, 'bool'),
    initialState: initialStates.map(toTensor),
  };
}

/**
 * The layers to call one after the other; null for a model that `fixtureModel` did not make, which only runs as a whole.
 *
 * tfjs's model executor calls a layer once for each of its outputs, which moves a stateful layer on several times, and
 * which a layer over cells does not survive when it has a mask and initial states. Called by themselves layers do.
 */
export function chainOf(target: CheckedTarget): tf.layers.Layer[] | null {
  return target instanceof tf.LayersModel ? layersOfFixtureModel(target) : [target];
}

/** Applies one layer, afresh: tfjs's Bidirectional writes into its keyword arguments. */
export function applyLayer(layer: tf.layers.Layer, { x, mask, initialState }: CallTensors): tf.Tensor[] {
  const kwargs: { mask?: tf.Tensor; initialState?: tf.Tensor[] } = {};
  if (mask !== null) kwargs.mask = mask;
  if (initialState.length > 0) kwargs.initialState = initialState;
  const outputs = layer.apply(x, kwargs) as tf.Tensor | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}

/** All outputs for one call, in inference mode. The caller disposes them. */
export function runCall(target: CheckedTarget, call: CallTensors): tf.Tensor[] {
  const chain = chainOf(target);
  return tf.tidy(() => {
    if (chain !== null) {
      return chain.reduce((outputs, layer) => applyLayer(layer, { ...call, x: outputs[0] as tf.Tensor }), [call.x]);
    }
    const model = target as tf.LayersModel;
    // A model with an input fewer makes the mask itself.
    const takesMask = call.mask !== null && model.inputs.length === 2 + call.initialState.length;
    const inputs = takesMask ? [call.x, call.mask as tf.Tensor] : [call.x];
    const outputs = model.predictOnBatch([...inputs, ...call.initialState]) as tf.Tensor | tf.Tensor[];
    return Array.isArray(outputs) ? outputs : [outputs];
  });
}

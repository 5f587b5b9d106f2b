import * as tf from '@tensorflow/tfjs';
import type { Kwargs } from './types.js';

type Layer = tf.layers.Layer;

/** A symbolic call of a layer, as tfjs notes it: what `model.summary` and the executor read. */
export type Call = Layer['inboundNodes'][number];

/** The calls of a functional model, in the order in which they were made. */
export function callsOf(model: tf.LayersModel): Call[] {
  const calls = Object.values(model.nodesByDepth).flat();
  return calls.map(asExpected).sort((a, b) => a.id - b.id);
}

/** The first call of a layer: of an input layer, and of the first layer of a Sequential, it is the model's input. */
export function firstCallOf(layer: Layer): Call {
  return asExpected(layer.inboundNodes?.[0]);
}

/** The call that a symbolic tensor came from. */
export function callBehind(tensor: tf.SymbolicTensor): Call {
  return asExpected(tensor.sourceLayer?.inboundNodes?.[tensor.nodeIndex]);
}

/**
 * The keyword arguments of a call, to make it again. Symbolic states are among the call's inputs; a mask is what the
 * executor left there.
 */
export function callArguments(call: Call): Kwargs {
  const { initialState: _initialState, mask: _mask, ...kwargs } = call.callArgs ?? {};
  return kwargs;
}

/** Whether a call is an input layer's, which makes it by itself. */
export function isInputCall(call: Call): boolean {
  return call.inboundLayers.length === 0;
}

/** @throws Error for what is not a call as tfjs 4.22 notes it. */
function asExpected(call: Partial<Call> | undefined): Call {
  const isExpected =
    typeof call?.id === 'number' &&
    call.outboundLayer instanceof tf.layers.Layer &&
    Array.isArray(call.inboundLayers) &&
    [call.inputTensors, call.outputTensors].every(
      (tensors) => Array.isArray(tensors) && tensors.every((tensor) => tensor instanceof tf.SymbolicTensor),
    );
  if (!isExpected) throw new Error('this version of tfjs does not reveal how the layers of a model are connected');
  return call as Call;
}

import type * as tf from '@tensorflow/tfjs';
import type { Kwargs } from '../../host/types.js';

/** What one call gives a recurrent layer. */
export interface LayerInputs {
  /** [B, T, D] */
  x: tf.Tensor3D;
  /** Of the whole layer; null for zeros. */
  states: tf.Tensor[] | null;
  /** [B, T] */
  mask: tf.Tensor | null;
}

/** Reads the arguments of a recurrent layer's `call` as the layer does. */
export function layerInputsOf(layer: tf.layers.RNN, inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): LayerInputs {
  const [x, ...after] = [inputs].flat() as [tf.Tensor3D, ...tf.Tensor[]];
  const own = layer.stateful ? (layer.states as tf.Tensor[]) : null;
  const states = after.length > 0 ? after : (kwargs.initialState ?? own);
  const mask = [kwargs.mask].flat()[0] ?? null;
  return { x, states, mask };
}

import * as tf from '@tensorflow/tfjs';

/** An array in a memory of the module's, which no backend knows of. */
export interface HiddenArray {
  memory: WebAssembly.Memory;
  address: number;
  /** How many floats. */
  size: number;
}

const arrays = new WeakMap<tf.DataId, HiddenArray>();

/** A tensor without values that stands for an array, as long as it is not disposed. */
export function standInFor(array: HiddenArray): tf.Tensor {
  const standIn = tf.tensor1d([]);
  arrays.set(standIn.dataId, array);
  return standIn;
}

/** The array that a tensor stands for; null for a tensor with values of its own. */
export function hiddenArrayOf({ dataId, size }: tf.Tensor): HiddenArray | null {
  if (size > 0) return null;
  const array = arrays.get(dataId);
  if (array === undefined) throw new Error('what the forward pass has kept is gone: was the backend removed?');
  return array;
}

/** Where an array is no more. */
export function forgetArray(dataId: tf.DataId): void {
  arrays.delete(dataId);
}

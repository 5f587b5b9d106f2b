import * as tf from '@tensorflow/tfjs';
import { requireUsable, shapeOf } from '../core/check-tensor.js';
import { describeValue, invalidArgument, invalidState } from '../core/errors.js';

/**
 * Checks weights against the ones a layer has.
 *
 * @throws RangeError
 */
export function requireWeights(where: string, layer: tf.layers.Layer, weights: unknown): void {
  const variables = layer.weights;
  const context = { layer: layer.name };
  if (!Array.isArray(weights) || weights.length !== variables.length) {
    const shapes = describeValue(variables.map((variable) => variable.shape));
    throw invalidArgument(where, `weights must be ${variables.length} tensors of shapes ${shapes}`, weights, context);
  }
  for (const [index, { originalName, shape }] of variables.entries()) {
    const received = shapeOf(weights[index]);
    if (received === null || !tf.util.arraysEqual(received as number[], shape as number[])) {
      const rule = `weights[${index}] (${originalName}) must be ${describeValue(shape)}`;
      throw invalidArgument(where, rule, received ?? weights[index], context);
    }
    requireUsable(where, `weights[${index}] (${originalName})`, weights[index], layer.name);
  }
}

/**
 * Checks that a layer over one cell has weights.
 *
 * @throws Error for a layer that is not built, or disposed.
 */
export function requireBuilt(where: string, { name, cell }: { name: string; cell: tf.layers.Layer }): void {
  if (!cell.built) throw invalidState(where, 'the layer must be built first, by apply or build', name);
  if (isDisposed(cell)) throw invalidState(where, 'the layer must not be disposed', name);
}

/** Whether a layer has lost its weights. */
export function isDisposed(layer: tf.layers.Layer): boolean {
  return layer.weights.some(isDisposedWeight);
}

/** Whether a weight is disposed. */
export function isDisposedWeight(weight: tf.LayerVariable): boolean {
  try {
    return weight.read().isDisposed;
  } catch {
    return true;
  }
}

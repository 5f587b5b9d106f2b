import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from './errors.js';

/** A concrete tensor or tfjs's symbolic one, whose unknown dimensions are null. */
export type TensorLike = tf.Tensor | tf.SymbolicTensor;

/** The shape of anything tensor-like, else null. */
export function shapeOf(value: unknown): readonly (number | null)[] | null {
  return value instanceof tf.Tensor || value instanceof tf.SymbolicTensor ? value.shape : null;
}

/** Whether a dimension is the required one; what is not known, or not required, fits. */
export function fits(dimension: number | null | undefined, required: number | null): boolean {
  return dimension == null || required === null || dimension === required;
}

/**
 * Checks that a tensor can be computed with. tfjs fails at it from deep inside, and a weight that is set to a disposed
 * tensor is lost for good. Symbolic tensors pass.
 *
 * @throws RangeError
 */
export function requireUsable(where: string, name: string, tensor: unknown, layer?: string): void {
  if (!(tensor instanceof tf.Tensor)) return;
  const { dtype } = tensor;
  if (!tensor.isDisposed && dtype !== 'string' && dtype !== 'complex64') return;
  const context = layer === undefined ? {} : { layer };
  if (tensor.isDisposed) throw invalidArgument(where, `${name} must not be disposed`, tensor, context);
  throw invalidArgument(where, `${name} must hold real numbers`, dtype, context);
}

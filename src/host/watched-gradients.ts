import * as tf from '@tensorflow/tfjs';
import { gradientDepth } from './gradient-tape.js';
import { isOutOfMemory } from './out-of-memory.js';

/** Adds a tensor to those with respect to which the gradient is wanted. */
export type Watch = (tensor: tf.Tensor) => void;

export interface WatchedGradients<Value extends tf.Tensor> {
  value: Value;
  /** The gradient with respect to a tensor that was watched; null where the value does not depend on it. */
  gradientOf(tensor: tf.Tensor): tf.Tensor | null;
}

/**
 * The gradients of a scalar, or of a tensor whose own gradient is given, with respect to tensors that come up while it is
 * computed, in one backward pass of tfjs's own. To be called within a tidy, which the gradients belong to.
 *
 * Whatever `compute` throws is thrown, and nothing of the gradient tape is left behind.
 *
 * Reliance: tfjs reads its list of tensors after it has run the function, so that more can be added meanwhile; and has in
 * `activeTape` what is to be disposed where a backward pass throws. Checked each time, by the number of gradients and by
 * types. Fallback: none for the first; the tape is left to the next backward pass for the second.
 *
 * @param tensors Watched from the start; one at least.
 * @param compute Returns the scalar, or the tensor.
 * @param refusal The error where an operation on the way has no gradient; `cause` is tfjs's.
 * @param dy The gradient of what is computed. Default: 1.
 * @throws What `compute` throws; `refusal`'s; Error where tfjs is otherwise.
 */
export function watchedGradients<Value extends tf.Tensor>(
  tensors: readonly tf.Tensor[],
  compute: (watch: Watch) => Value,
  refusal: (cause: unknown) => Error,
  dy?: tf.Tensor,
): WatchedGradients<Value> {
  const watched = [...tensors];
  let thrown: { error: unknown } | null = null;
  const guarded = () => {
    try {
      return compute((tensor) => watched.push(tensor));
    } catch (error) {
      thrown = { error };
      // tfjs clears its tape only at the end of a backward pass.
      return (dy === undefined ? tf.scalar(0) : tf.zerosLike(dy)) as tf.Tensor as Value;
    }
  };
  const { value, grads } = differentiate(guarded, watched, refusal, dy);
  if (thrown !== null) throw (thrown as { error: unknown }).error;
  if (grads.length !== watched.length) throw new Error('this version of tfjs cannot watch intermediate tensors');
  const gradients = new Map(watched.map(({ id }, n) => [id, grads[n] ?? null]));
  return { value, gradientOf: ({ id }) => gradients.get(id) ?? null };
}

function differentiate<Value extends tf.Tensor>(
  compute: () => Value,
  watched: tf.Tensor[],
  refusal: (cause: unknown) => Error,
  dy: tf.Tensor | undefined,
) {
  try {
    // Without the last argument tfjs throws where the value depends on none of them.
    return tf.engine().gradients(compute, watched, dy as Value | undefined, true) as {
      value: Value;
      grads: (tf.Tensor | undefined)[];
    };
  } catch (error) {
    disposeTape();
    throw isOutOfMemory(error) ? error : refusal(error);
  }
}

/** What tfjs does at the end of a backward pass, and not when one throws. An outer pass does it for all within. */
function disposeTape(): void {
  const { state } = tf.engine();
  if (gradientDepth() !== 0 || !Array.isArray(state.activeTape)) return;
  for (const { saved } of state.activeTape) tf.dispose(saved ?? []);
  state.activeTape = null as unknown as typeof state.activeTape;
}

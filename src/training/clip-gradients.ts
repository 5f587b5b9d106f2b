import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { globalNorm } from '../core/norm.js';
import { aNumber, checkOptions } from '../core/options.js';

/** The largest norm that a gradient may have; set exactly one of the two. */
export interface GradientLimit {
  /** Limits the L2 norm of the gradient with respect to all weights together; its direction stays the same. */
  globalNorm?: number;
  /** Limits the L2 norm of the gradient with respect to each weight separately. */
  variableNorm?: number;
}

type Gradients = tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[];

/** A symbol of the global registry, as the ES module and the CommonJS build may both be loaded. */
const LIMIT = Symbol.for('explicit-lstm.GradientLimit');

interface Clipping {
  limit: GradientLimit;
  /** What `applyGradients` was as the optimizer's own property, if it was one. */
  own: PropertyDescriptor | undefined;
}

type Clipped = tf.Optimizer & { [LIMIT]?: Clipping };

/**
 * Clips the gradients of an optimizer: a gradient above the limit is scaled down to it before the step. This keeps the
 * training of a recurrent network on course when its gradient explodes (Pascanu, Mikolov and Bengio 2013, "On the
 * difficulty of training recurrent neural networks", arXiv 1211.5063, algorithm 1).
 *
 * ```ts
 * model.compile({ optimizer: clipGradients(tf.train.adam(0.001), { globalNorm: 1 }), loss: 'meanSquaredError' });
 * ```
 *
 * - It works with every tfjs optimizer and with your own. The optimizer itself and what `model.save` writes of it stay
 *   the same. A model that is loaded or compiled again is not clipped until you call this again.
 * - Another call replaces the limit; with null, it removes the limit.
 * - Gradients that contain NaN or infinity are passed on unchanged, because no scale is right for them: clipping does not
 *   hide them.
 *
 * @param optimizer The optimizer whose `applyGradients`, and so `minimize` and `fit`, is to clip.
 * @param limit `globalNorm` or `variableNorm`, a positive number; or null.
 * @returns The same optimizer.
 * @throws RangeError for what is not an optimizer, and unless the limit is exactly one positive number.
 * @category Training
 */
export function clipGradients<Optimizer extends tf.Optimizer>(
  optimizer: Optimizer,
  limit: GradientLimit | null,
): Optimizer {
  requireOptimizer('clipGradients', optimizer);
  const checked = limit === null ? null : checkedLimit(limit);
  stopClipping(optimizer);
  if (checked !== null) startClipping(optimizer, checked);
  return optimizer;
}

/**
 * The limit that `clipGradients` gave an optimizer, or null.
 *
 * ```ts
 * gradientLimit(clipGradients(tf.train.adam(), { globalNorm: 1 })); // { globalNorm: 1 }
 * ```
 *
 * @throws RangeError for what is not an optimizer.
 * @category Training
 */
export function gradientLimit(optimizer: tf.Optimizer): GradientLimit | null {
  requireOptimizer('gradientLimit', optimizer);
  return (optimizer as Clipped)[LIMIT]?.limit ?? null;
}

function startClipping(optimizer: Clipped, limit: GradientLimit): void {
  const own = Object.getOwnPropertyDescriptor(optimizer, 'applyGradients');
  const apply = optimizer.applyGradients.bind(optimizer) as (gradients: Gradients) => void;
  const value = (gradients: Gradients) => {
    const clipped = clip(gradients, limit);
    try {
      apply(clipped);
    } finally {
      tf.dispose(clipped as tf.TensorContainer);
    }
  };
  Object.defineProperty(optimizer, 'applyGradients', { value, configurable: true, writable: true });
  Object.defineProperty(optimizer, LIMIT, { value: { limit, own }, configurable: true });
}

function stopClipping(optimizer: Clipped): void {
  const clipping = optimizer[LIMIT];
  if (clipping === undefined) return;
  delete optimizer[LIMIT];
  if (clipping.own === undefined) delete (optimizer as Partial<tf.Optimizer>).applyGradients;
  else Object.defineProperty(optimizer, 'applyGradients', clipping.own);
}

/** New tensors, in the form in which the gradients came; a weight without a gradient has none afterwards. */
function clip(gradients: Gradients, { globalNorm: limit, variableNorm }: GradientLimit): Gradients {
  const named = Array.isArray(gradients)
    ? gradients
    : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
  const clipped = tf.tidy(() => {
    const present = named.map(({ tensor }) => tensor).filter((tensor) => tensor != null);
    const norm = limit === undefined ? null : globalNorm(present);
    const scaled = named.map(({ tensor }) =>
      tensor == null ? null : tf.mul(tensor, factor(norm ?? globalNorm([tensor]), (limit ?? variableNorm) as number)),
    );
    return scaled as unknown as tf.Tensor[];
  });
  const list = named.map(({ name }, index) => ({ name, tensor: clipped[index] as tf.Tensor }));
  return Array.isArray(gradients) ? list : Object.fromEntries(list.map(({ name, tensor }) => [name, tensor]));
}

/** 1 up to the limit; also where the norm is NaN, of which comparisons are false on every backend. */
function factor(norm: tf.Scalar, limit: number): tf.Tensor {
  return tf.where(tf.greater(norm, limit), tf.div(limit, norm), 1);
}

const A_POSITIVE_NUMBER = aNumber('a positive number', (value) => value > 0);
const LIMITS = {
  globalNorm: A_POSITIVE_NUMBER,
  variableNorm: A_POSITIVE_NUMBER,
} satisfies Record<keyof GradientLimit, unknown>;

function checkedLimit(limit: GradientLimit): GradientLimit {
  checkOptions('clipGradients', limit, LIMITS);
  const { globalNorm: ofAll, variableNorm: ofEach } = limit;
  if (ofAll != null && ofEach == null) return { globalNorm: ofAll };
  if (ofEach != null && ofAll == null) return { variableNorm: ofEach };
  throw invalidArgument('clipGradients', 'limit must have either globalNorm or variableNorm', limit);
}

function requireOptimizer(where: string, optimizer: unknown): void {
  if (typeof (optimizer as Partial<tf.Optimizer> | null)?.applyGradients === 'function') return;
  throw invalidArgument(where, 'optimizer must be an instance of tf.Optimizer', optimizer);
}

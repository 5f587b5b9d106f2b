import * as tf from '@tensorflow/tfjs';

/**
 * Whether gradients are being recorded, and how deep: 0 outside of them, 2 where a gradient is taken of a gradient; null
 * where this version of tfjs does not tell.
 */
export function gradientDepth(): number | null {
  const depth: unknown = tf.engine().state?.gradientDepth;
  return typeof depth === 'number' ? depth : null;
}

/**
 * What tells one recording of gradients from the next, such as two training steps: one object for each, with all that is
 * recorded within it; null outside of them, and where this version of tfjs does not tell.
 */
export function currentTape(): object | null {
  if (!gradientDepth()) return null;
  const tape: unknown = tf.engine().state.activeTape;
  return Array.isArray(tape) ? tape : null;
}

import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from './errors.js';

/** Which implementation a layer is to run on: the fastest that applies, the plain one only, or a fused one only. */
export type UseFused = 'auto' | boolean;

/** What a call ran on. */
export interface Implementation {
  /** `'reference'` for the plain path of tfjs ops, else the fused kernel's name. */
  name: string;
  /** Why it was not a fused kernel. */
  reason?: string;
}

/**
 * Chooses what a call runs on.
 *
 * @throws RangeError when a fused kernel is demanded and none applies.
 */
export function chooseImplementation(where: string, layer: string, useFused: UseFused): Implementation {
  if (useFused === false) return { name: 'reference', reason: 'useFused is false' };
  const reason = `there is no fused kernel for the backend '${tf.getBackend()}'`;
  if (useFused === true) {
    const rule = `useFused must be 'auto' or false where no fused kernel applies (${reason})`;
    throw invalidArgument(where, rule, useFused, { layer });
  }
  return { name: 'reference', reason };
}

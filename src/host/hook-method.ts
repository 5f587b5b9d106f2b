import * as tf from '@tensorflow/tfjs';
import { rememberOwnProperties } from '../core/own-properties.js';

/**
 * Replaces a method on one object, and returns what puts back its own property, or the lack of one.
 *
 * Reliance: tfjs calls the methods of its layers, cells and optimizers on the object itself, so that a replaced one is
 * reached. Checked at first use, by a small layer; and each time that there is such a method. Fallback: none.
 *
 * @param wrap Makes the replacement from the method, bound to the object.
 * @throws Error where a replaced method would not be reached.
 */
export function hookMethod<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  wrap: (original: Target[Name]) => Target[Name],
): () => void {
  isReached ??= reachesReplacedMethods();
  const method: unknown = target[name];
  if (!isReached || typeof method !== 'function') {
    throw new Error(`this version of tfjs does not let '${String(name)}' of a ${target.constructor?.name} be replaced`);
  }
  return replace(target, name, wrap(method.bind(target) as Target[Name]));
}

function replace(target: object, name: PropertyKey, value: unknown): () => void {
  const restore = rememberOwnProperties(target, [name]);
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  return restore;
}

let isReached: boolean | undefined;

function reachesReplacedMethods(): boolean {
  const layer = tf.layers.activation({ activation: 'linear', name: 'probe' });
  let calls = 0;
  replace(layer, 'call', (inputs: tf.Tensor | tf.Tensor[]) => {
    calls += 1;
    return inputs;
  });
  tf.tidy(() => void layer.apply(tf.scalar(0)));
  return calls === 1;
}

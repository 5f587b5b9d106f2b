import * as tf from '@tensorflow/tfjs';
import type { Initializer as HostInitializer } from './types.js';

/**
 * tfjs's `Initializer`, which it does not export. A layer takes an instance of another class for a config, and fails.
 */
export const Initializer = Object.getPrototypeOf(
  tf.initializers.zeros().constructor,
) as abstract new () => HostInitializer;

if (typeof Initializer.prototype?.getClassName !== 'function') {
  throw new Error('this version of tfjs has no common class of initializers');
}

import * as tf from '@tensorflow/tfjs';
import type { Initializer as HostInitializer } from './types.js';

const HostClass = Object.getPrototypeOf(tf.initializers.zeros().constructor) as abstract new () => HostInitializer;

if (typeof HostClass.prototype?.getClassName !== 'function') {
  throw new Error('this version of tfjs has no common class of initializers');
}

/**
 * tfjs's `Initializer`, which it does not export. A layer takes an instance of another class for a config, and fails.
 */
export abstract class Initializer extends HostClass {
  /** Takes out what tfjs adds to a config before it hands it back. */
  static fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    { customObjects: _customObjects, ...config }: tf.serialization.ConfigDict,
  ): T {
    return new cls(config);
  }
}

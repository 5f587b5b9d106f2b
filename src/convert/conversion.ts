import type * as tf from '@tensorflow/tfjs';
import type { ConfigDict } from '../host/types.js';

/** A direction of conversion: which layers are replaced, and by what. */
export interface Conversion {
  /** The public function, as errors name it. */
  name: string;
  /** The class names, from and to, by which a layer's own config may name the layers that it makes itself. */
  classNames: Readonly<Record<string, string>>;
  /**
   * Looks at a layer before anything is built.
   *
   * @throws RangeError where the layer must be replaced and cannot be.
   */
  check(layer: tf.layers.Layer): void;
  /**
   * The layer that takes another's place, not built yet; null where that one is to be kept.
   *
   * @param config The layer's config; the caller's to change.
   */
  replacement(layer: tf.layers.Layer, config: ConfigDict): tf.layers.Layer | null;
}

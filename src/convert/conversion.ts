import type * as tf from '@tensorflow/tfjs';
import { A_FUNCTION } from '../core/options.js';
import type { ConfigDict } from '../host/types.js';

/** The options of `toExplicit` and `toBuiltIn`. */
export interface ConversionOptions {
  /**
   * Called with a sentence for each thing that the copy lacks or that was not converted, but that does not change what the
   * copy predicts. Default: `console.warn`.
   */
  onNote?: (note: string) => void;
}

export const CONVERSION_OPTIONS = { onNote: A_FUNCTION } satisfies Record<keyof ConversionOptions, unknown>;

/** A direction of conversion: which layers are replaced, and by what. */
export interface Conversion {
  /** The public function, as errors and notes name it. */
  name: string;
  /** The class names, from and to, by which a layer's own config may name the layers that it makes itself. */
  classNames: Readonly<Record<string, string>>;
  /**
   * Looks at a layer that is to be replaced, unless it is an LSTM's cell, before anything is built.
   *
   * @returns What is lost of it, in sentences.
   * @throws RangeError where it cannot be replaced.
   */
  check(layer: tf.layers.RNN | tf.layers.RNNCell): string[];
  /** Whether a layer is of those to be replaced. */
  concerns(layer: tf.layers.Layer): layer is tf.layers.RNN | tf.layers.RNNCell;
  /** What a layer is called that is to be replaced and was not. */
  leftOver: string;
  /**
   * The layer that takes another's place, not built yet; null where that one is to be kept.
   *
   * @param config The layer's config; the caller's to change.
   */
  replacement(layer: tf.layers.Layer, config: ConfigDict): tf.layers.Layer | null;
}

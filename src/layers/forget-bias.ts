import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../core/gates.js';
import type { Initializer } from '../host/types.js';

/**
 * Initializes a bias of `[4U]` with 1 for the forget gate and `others` for the rest.
 *
 * Jozefowicz, Zaremba, Sutskever 2015, "An Empirical Exploration of Recurrent Network Architectures".
 */
export function unitForgetBiasInitializer(others: Initializer, units: number): Initializer {
  const apply = () =>
    tf.tidy(() => {
      const [i, f, rest] = [others.apply([units]), tf.ones([units]), others.apply([units * (GATE_NAMES.length - 2)])];
      return tf.concat([i as tf.Tensor1D, f as tf.Tensor1D, rest as tf.Tensor1D]);
    });
  return { apply } as unknown as Initializer;
}

import * as tf from '@tensorflow/tfjs';
import { type ByGate, splitByGate } from '../../core/gates.js';
import { tidy } from '../../core/tidy.js';
import { type ByWeight, mapWeights, weightsOf } from '../../core/weights.js';
import { builtCell } from './built-cell.js';

/** The weights of an LSTM, one tensor per gate. The caller owns them and frees them with `dispose()`. */
export interface WeightsByGate {
  /** The input weights, each [D, U]. */
  kernel: ByGate<tf.Tensor2D>;
  /** The recurrent weights, each [U, U]. */
  recurrentKernel: ByGate<tf.Tensor2D>;
  /** Each [U]; null without bias. */
  bias: ByGate<tf.Tensor1D> | null;
  dispose(): void;
}

/**
 * Splits a layer's weights, which hold the blocks of the four gates side by side, gate by gate. The results are copies:
 * disposing or changing them does not affect the layer.
 *
 * ```ts
 * const weights = weightsByGate(model.getLayer('lstm'));
 * weights.bias?.f.print(); // the bias of the forget gates
 * weights.dispose();
 * ```
 *
 * @param layer A built LSTM of this package or of tfjs, `tf.layers.rnn` over one cell of either, or such a cell.
 * @returns For each gate: the kernel [D, U], the recurrent kernel [U, U] and the bias [U], if there is one.
 * @throws RangeError for a layer that is not an LSTM; Error for one that is not built.
 */
export function weightsByGate(layer: tf.layers.Layer): WeightsByGate {
  const cell = builtCell('weightsByGate', layer);
  return ownedWeights(tidy(() => mapWeights(cell, (weight) => splitByGate(weight.read()))));
}

/** Hands the tensors over to the owner of the result. */
export function ownedWeights(weights: ByWeight<ByGate<tf.Tensor>>): WeightsByGate {
  return { ...(weights as Omit<WeightsByGate, 'dispose'>), dispose: () => tf.dispose(weightsOf(weights)) };
}

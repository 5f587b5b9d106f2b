import * as tf from '@tensorflow/tfjs';
import { type ByGate, splitBlocks } from '../../core/gates.js';
import { tidy } from '../../core/tidy.js';
import type { Block, ByWeight } from '../../core/weights.js';
import { builtCell } from './built-cell.js';
import { blocksByWeight, mapBlocks, weightsInBlocks } from './by-block.js';

/**
 * The weights of an LSTM, one tensor per gate. The caller owns them and frees them with `dispose()`.
 *
 * Of a variant there is an entry for each of its cell's own weights, by the name of its property, with a tensor for each
 * gate that the weight has a block for. A weight without blocks, such as a projection, is there as a whole, as `all`.
 */
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
 * @category Weights
 */
export function weightsByGate(layer: tf.layers.Layer): WeightsByGate {
  const cell = builtCell('weightsByGate', layer);
  return ownedWeights(
    tidy(() => mapBlocks(weightsInBlocks(cell), ({ weight, blocks }) => copies(weight.read(), blocks))),
  );
}

/** Of one block the split is the very tensor. */
function copies(weight: tf.Tensor, blocks: readonly Block[]): Record<string, tf.Tensor> {
  const [only, ...others] = blocks as [Block, ...Block[]];
  return others.length === 0 ? { [only.name]: tf.clone(weight) } : splitBlocks(weight, blocks);
}

/** Hands the tensors over to the owner of the result. */
export function ownedWeights(weights: ByWeight<ByGate<tf.Tensor>>): WeightsByGate {
  const tensors = blocksByWeight(weights).map(([, byBlock]) => byBlock);
  return { ...(weights as Omit<WeightsByGate, 'dispose'>), dispose: () => tf.dispose(tensors) };
}

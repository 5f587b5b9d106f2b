import type * as tf from '@tensorflow/tfjs';
import type { ByGate } from '../../core/gates.js';
import type { Block, ByWeight } from '../../core/weights.js';
import { builtCell } from './built-cell.js';
import { mapBlocks, weightsInBlocks } from './by-block.js';

/**
 * The norms of the weights of each gate: of `kernel`, `recurrentKernel`, and `bias`, which is null without bias. Of a
 * variant, of each of its cell's own weights and gates; a weight that is not divided into gates' blocks has one norm, `all`.
 */
export type WeightNormsByGate = ByWeight<ByGate<number>>;

/**
 * The Frobenius norm (the square root of the sum of squares) of each gate's block of each weight. If a weight is not
 * finite, its norm is NaN or Infinity.
 *
 * ```ts
 * const norms = await weightNormsByGate(model.getLayer('lstm'));
 * console.log(norms.recurrentKernel); // { i: 4.1, f: 3.8, g: 6.2, o: 4.4 }
 * ```
 *
 * @param layer A built LSTM of this package or of tfjs, `tf.layers.rnn` over one cell of either, or such a cell.
 * @throws RangeError (as a rejection) for a layer that is not an LSTM; Error for one that is not built.
 * @category Weights
 */
export async function weightNormsByGate(layer: tf.layers.Layer): Promise<WeightNormsByGate> {
  const cell = builtCell('weightNormsByGate', layer);
  const weights = weightsInBlocks(cell);
  const values = await Promise.all(weights.map(({ weight }) => weight.read().data()));
  return mapBlocks(weights, ({ blocks }, n) => norms(values[n] as Float32Array, blocks));
}

function norms(values: Float32Array, blocks: readonly Block[]): Record<string, number> {
  const columns = blocks.flatMap(({ name, width }) => new Array<string>(width).fill(name));
  const squares: Record<string, number> = {};
  for (const { name } of blocks) squares[name] = 0;
  // In float64: the square of a large float32 need not be one.
  for (const [n, value] of values.entries()) {
    const block = columns[n % columns.length] as string;
    squares[block] = (squares[block] as number) + value * value;
  }
  for (const { name } of blocks) squares[name] = Math.sqrt(squares[name] as number);
  return squares;
}

import type * as tf from '@tensorflow/tfjs';
import { type ByGate, GATE_NAMES } from '../../core/gates.js';
import { type ByWeight, mapWeightsAsync } from '../../core/weights.js';
import { builtCell } from './built-cell.js';

/** The norms of the weights of each gate: of `kernel`, `recurrentKernel`, and `bias`, which is null without bias. */
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
 */
export async function weightNormsByGate(layer: tf.layers.Layer): Promise<WeightNormsByGate> {
  const cell = builtCell('weightNormsByGate', layer);
  return await mapWeightsAsync(cell, (weight: tf.LayerVariable) => norms(weight, cell.units));
}

async function norms(weight: tf.LayerVariable, units: number): Promise<ByGate<number>> {
  const squares = { i: 0, f: 0, g: 0, o: 0 };
  // In float64: the square of a large float32 need not be one.
  for (const [n, value] of (await weight.read().data()).entries()) {
    const gate = GATE_NAMES[Math.floor(n / units) % GATE_NAMES.length] as keyof typeof squares;
    squares[gate] += value * value;
  }
  const { i, f, g, o } = squares;
  return { i: Math.sqrt(i), f: Math.sqrt(f), g: Math.sqrt(g), o: Math.sqrt(o) };
}

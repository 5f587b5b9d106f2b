import type * as tf from '@tensorflow/tfjs';
import { type ByWeight, mapWeightsAsync } from '../../core/weights.js';
import { builtCell } from '../../inspect/weights/built-cell.js';

/** A weight of an LSTM off the device, [rows, 4U] flat. */
export interface WeightValues {
  values: ArrayLike<number>;
  rows: number;
  /** 4U: the blocks i, f, g, o, each as wide as there are units. */
  columns: number;
}

/**
 * Reads the weights of a layer, the bias if it has one.
 *
 * @throws RangeError for a layer that is not an LSTM; Error for one that is not built or disposed.
 */
export async function readWeights(where: string, layer: tf.layers.Layer): Promise<ByWeight<WeightValues>> {
  const cell = builtCell(where, layer);
  const columns = 4 * cell.units;
  return await mapWeightsAsync(cell, async (weight: tf.LayerVariable) => {
    const values = await weight.read().data();
    return { values, rows: values.length / columns, columns };
  });
}

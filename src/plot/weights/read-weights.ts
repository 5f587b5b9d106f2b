import type * as tf from '@tensorflow/tfjs';
import { builtCell } from '../../inspect/weights/built-cell.js';

/** A weight of an LSTM off the device, [rows, 4U] flat. */
export interface WeightValues {
  values: ArrayLike<number>;
  rows: number;
  /** 4U: the blocks i, f, g, o, each as wide as there are units. */
  columns: number;
}

export const WEIGHT_NAMES = ['kernel', 'recurrentKernel', 'bias'] as const;

export type WeightName = (typeof WEIGHT_NAMES)[number];

export const WEIGHT_TITLES: Record<WeightName, string> = {
  kernel: 'kernel',
  recurrentKernel: 'recurrent kernel',
  bias: 'bias',
};

/**
 * Reads the weights of a layer, the bias if it has one.
 *
 * @throws RangeError for a layer that is not an LSTM; Error for one that is not built or disposed.
 */
export async function readWeights(
  where: string,
  layer: tf.layers.Layer,
): Promise<Record<'kernel' | 'recurrentKernel', WeightValues> & { bias: WeightValues | null }> {
  const { kernel, recurrentKernel, bias, units } = builtCell(where, layer);
  const columns = 4 * units;
  const read = async (weight: tf.LayerVariable) => {
    const values = await weight.read().data();
    return { values, rows: values.length / columns, columns };
  };
  const [ofKernel, ofRecurrentKernel, ofBias] = await Promise.all([
    read(kernel),
    read(recurrentKernel),
    bias ? read(bias) : null,
  ]);
  return { kernel: ofKernel, recurrentKernel: ofRecurrentKernel, bias: ofBias };
}

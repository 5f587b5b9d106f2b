import type * as tf from '@tensorflow/tfjs';
import type { Block, WeightFacts } from '../../core/weights.js';
import { builtCell } from '../../inspect/weights/built-cell.js';
import { weightsInBlocks } from '../../inspect/weights/by-block.js';

/** A weight of an LSTM off the device, [rows, columns] flat. */
export interface WeightValues extends Pick<WeightFacts, 'property' | 'title' | 'row'> {
  values: ArrayLike<number>;
  rows: number;
  /** 4U of most: the blocks i, f, g, o, each as wide as there are units. */
  columns: number;
  /** What its columns are divided into, at least one block. */
  blocks: readonly Block[];
}

/**
 * Reads the weights of a layer, the bias if it has one.
 *
 * @throws RangeError for a layer that is not an LSTM; Error for one that is not built or disposed.
 */
export async function readWeights(where: string, layer: tf.layers.Layer): Promise<WeightValues[]> {
  const reads = weightsInBlocks(builtCell(where, layer)).map(async ({ weight, property, title, row, blocks }) => {
    const columns = weight.shape.at(-1) as number;
    const values = await weight.read().data();
    return { property, title, row, values, rows: values.length / columns, columns, blocks };
  });
  return await Promise.all(reads);
}

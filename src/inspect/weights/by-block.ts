import type * as tf from '@tensorflow/tfjs';
import type { ByGate } from '../../core/gates.js';
import { type Block, type ByWeight, CELL_WEIGHTS, type WeightFacts } from '../../core/weights.js';
import { cellToRun, type LSTMLike } from '../../layers/foreign-lstm.js';

/** What a weight that is not divided into the gates' blocks is called as a whole. */
export const WHOLE = 'all';

/** One value for each weight of some cell and each gate that the weight has a block for; null for a weight that is not there. */
export type ByBlock<Value> = Readonly<Record<string, Readonly<Record<string, Value>> | null>>;

/** A weight of a cell: the tensor, and its blocks, of which one that is not divided has one. */
export interface WeightInBlocks extends Pick<WeightFacts, 'property' | 'title' | 'row'> {
  weight: tf.LayerVariable;
  blocks: readonly Block[];
}

/** The weights of a built cell, in the order in which they are saved. */
export function weightsInBlocks(given: LSTMLike['cell']): WeightInBlocks[] {
  const cell = cellToRun(given);
  return cell.weightFacts.map(({ property, title, row, blocks }) => {
    const weight = (cell as unknown as Record<string, tf.LayerVariable>)[property] as tf.LayerVariable;
    const width = weight.shape.at(-1) as number;
    return { property, title, row, weight, blocks: blocks(cell.units) ?? [{ name: WHOLE, width }] };
  });
}

/** Something of each weight of a cell; null for a weight of the plain LSTM that a cell may lack. */
export function mapBlocks<Value>(
  weights: readonly WeightInBlocks[],
  map: (weight: WeightInBlocks, index: number) => Readonly<Record<string, Value>>,
): ByWeight<ByGate<Value>> {
  const found: Record<string, Readonly<Record<string, Value>> | null> = {};
  for (const [n, weight] of weights.entries()) found[weight.property] = map(weight, n);
  for (const { property, flag } of CELL_WEIGHTS) if (flag !== null) found[property] ??= null;
  return found as unknown as ByWeight<ByGate<Value>>;
}

/** The weights that there are, by name. */
export function blocksByWeight<Value>(of: ByWeight<ByGate<Value>>): [weight: string, byBlock: Record<string, Value>][] {
  return Object.entries(of as ByBlock<Value>).flatMap(([name, byBlock]) => (byBlock === null ? [] : [[name, byBlock]]));
}

/** Each gate that some weight has a block for, in order; and `all`, where there is one without. */
export function blockNamesOf<Value>(of: ByWeight<ByGate<Value>>): string[] {
  return [...new Set(blocksByWeight(of).flatMap(([, byBlock]) => Object.keys(byBlock)))];
}

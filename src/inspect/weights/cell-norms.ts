import * as tf from '@tensorflow/tfjs';
import { globalNorm, normsByBlock } from '../../core/norm.js';
import type { LSTMLike } from '../../layers/foreign-lstm.js';
import { mapBlocks, type WeightInBlocks, weightsInBlocks } from './by-block.js';
import type { WeightNormsByGate } from './weight-norms-by-gate.js';

type Cell = LSTMLike['cell'];

/** What stands for a weight: its value, or its gradient; null where there is none. */
export type TensorOf = (weight: tf.Variable) => tf.Tensor | null;

/** Norms by gate for each cell, null where a weight has no tensor; and the L2 norm of some more tensors together. */
export interface CellNorms {
  cells: (WeightNormsByGate | null)[];
  together: number;
}

/**
 * Computes norms on the backend and reads a number for each block of each weight, all at once. The tensors may be disposed as soon as this
 * returns, before its promise is settled.
 */
export async function cellNorms(cells: Cell[], tensorOf: TensorOf, all: tf.Tensor[] = []): Promise<CellNorms> {
  const weights = cells.map((cell) => weightsInBlocks(cell));
  const tensors = weights.map((ofCell) => {
    const found = ofCell.map(({ weight }) => tensorOf(weight.read() as tf.Variable));
    return found.includes(null) ? [] : (found as tf.Tensor[]);
  });
  // Kept, as the caller may be within a tidy that ends before the numbers are there.
  const norms = tf.tidy(() => {
    const ofWeights = weights.flatMap((ofCell, n) =>
      (tensors[n] ?? []).map((tensor, m) => normsByBlock(tensor, (ofCell[m] as WeightInBlocks).blocks)),
    );
    return tf.keep(tf.concat([...ofWeights, tf.reshape(globalNorm(all), [1])]));
  });
  try {
    const values = [...(await norms.data())];
    const take = ({ blocks }: WeightInBlocks): Record<string, number> => {
      const taken: Record<string, number> = {};
      for (const { name } of blocks) taken[name] = values.shift() as number;
      return taken;
    };
    const ofCells = weights.map((ofCell, n) => (tensors[n]?.length === 0 ? null : mapBlocks(ofCell, take)));
    return { cells: ofCells, together: values[0] as number };
  } finally {
    norms.dispose();
  }
}

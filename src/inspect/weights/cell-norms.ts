import * as tf from '@tensorflow/tfjs';
import { type ByGate, GATE_NAMES } from '../../core/gates.js';
import { globalNorm, normsByGate } from '../../core/norm.js';
import { mapWeights, weightsOf } from '../../core/weights.js';
import type { LSTMLike } from '../../layers/foreign-lstm.js';
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
 * Computes norms on the backend and reads four numbers per weight, all at once. The tensors may be disposed as soon as this
 * returns, before its promise is settled.
 */
export async function cellNorms(cells: Cell[], tensorOf: TensorOf, all: tf.Tensor[] = []): Promise<CellNorms> {
  const tensors = cells.map((cell) => {
    const found = weightsOf(cell).map((weight) => tensorOf(weight.read() as tf.Variable));
    return found.includes(null) ? [] : (found as tf.Tensor[]);
  });
  // Kept, as the caller may be within a tidy that ends before the numbers are there.
  const norms = tf.tidy(() => {
    const ofWeights = cells.flatMap(({ units }, n) => (tensors[n] ?? []).map((tensor) => normsByGate(tensor, units)));
    return tf.keep(tf.concat([...ofWeights, tf.reshape(globalNorm(all), [1])]));
  });
  try {
    const values = [...(await norms.data())];
    const take = (): ByGate<number> => {
      const [i, f, g, o] = values.splice(0, GATE_NAMES.length) as [number, number, number, number];
      return { i, f, g, o };
    };
    const ofCells = cells.map((cell, n) => (tensors[n]?.length === 0 ? null : mapWeights(cell, take)));
    return { cells: ofCells, together: values[0] as number };
  } finally {
    norms.dispose();
  }
}

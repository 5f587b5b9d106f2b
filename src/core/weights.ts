import type * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from './quantities.js';

/** A cell's weights by the names of its properties. */
export type WeightName = 'kernel' | 'recurrentKernel' | 'bias';

/** One of a cell's weights. The gates lie side by side in its last axis, in blocks of U, in the order of `GATE_NAMES`. */
export interface CellWeight {
  /** The cell's property that holds it. */
  property: WeightName;
  /** What it is called where weights are saved, by Keras and tfjs. */
  storedName: string;
  /** What the arguments that concern it begin with: kernelInitializer, recurrentRegularizer, biasConstraint. */
  argument: 'kernel' | 'recurrent' | 'bias';
  /** Whether cells without it there are: those with `useBias: false`. */
  isOptional: boolean;
  shape(features: number, units: number): number[];
}

const BLOCKS = GATE_NAMES.length;

/** The weights of an LSTM cell, in the order in which they are listed and saved. */
export const CELL_WEIGHTS: readonly CellWeight[] = [
  {
    property: 'kernel',
    storedName: 'kernel',
    argument: 'kernel',
    isOptional: false,
    shape: (features, units) => [features, BLOCKS * units],
  },
  {
    property: 'recurrentKernel',
    storedName: 'recurrent_kernel',
    argument: 'recurrent',
    isOptional: false,
    shape: (_features, units) => [units, BLOCKS * units],
  },
  {
    property: 'bias',
    storedName: 'bias',
    argument: 'bias',
    isOptional: true,
    shape: (_features, units) => [BLOCKS * units],
  },
];

/** Where a cell, of this package or of tfjs, has its weights. Without a bias it is null or missing. */
export interface HoldsWeights {
  kernel: tf.LayerVariable;
  recurrentKernel: tf.LayerVariable;
  bias?: tf.LayerVariable | null;
}

/** The weights that a cell has, in the order of the table. A built cell is expected. */
export function weightsOf(cell: HoldsWeights): tf.LayerVariable[] {
  return CELL_WEIGHTS.flatMap(({ property }) => cell[property] ?? []);
}

import type * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from './quantities.js';

/** One of a cell's weights. The plain LSTM's gates lie side by side in its last axis, in blocks of U, as in `GATE_NAMES`. */
export interface WeightFacts {
  /** The cell's property that holds it. */
  property: string;
  /** What it is called where weights are saved, by Keras and tfjs. */
  storedName: string;
  /** What people call it. */
  title: string;
  /** What the arguments that concern it begin with: kernelInitializer, recurrentRegularizer, biasConstraint. */
  argument: string;
  /** The argument that says whether a cell has it; null where each has. */
  flag: 'useBias' | null;
  /** What a row of it stands for; null without rows. */
  row: 'feature' | 'unit' | null;
  shape(features: number, units: number): number[];
  /** What its last axis is divided into; null where it is not. */
  blocks(units: number): readonly Block[] | null;
}

/** What belongs to one gate of a weight's last axis. */
export interface Block {
  name: string;
  width: number;
}

/** Blocks of U, one a gate. */
export function blocksOf(gates: readonly string[], units: number): Block[] {
  return gates.map((name) => ({ name, width: units }));
}

const BLOCKS = GATE_NAMES.length;
const fourBlocks = (units: number) => blocksOf(GATE_NAMES, units);

/** The weights of an LSTM cell, in the order in which they are listed and saved. */
export const CELL_WEIGHTS = [
  {
    property: 'kernel',
    storedName: 'kernel',
    title: 'kernel',
    argument: 'kernel',
    flag: null,
    row: 'feature',
    shape: (features, units) => [features, BLOCKS * units],
    blocks: fourBlocks,
  },
  {
    property: 'recurrentKernel',
    storedName: 'recurrent_kernel',
    title: 'recurrent kernel',
    argument: 'recurrent',
    flag: null,
    row: 'unit',
    shape: (_features, units) => [units, BLOCKS * units],
    blocks: fourBlocks,
  },
  {
    property: 'bias',
    storedName: 'bias',
    title: 'bias',
    argument: 'bias',
    flag: 'useBias',
    row: null,
    shape: (_features, units) => [BLOCKS * units],
    blocks: fourBlocks,
  },
] as const satisfies readonly WeightFacts[];

export type CellWeight = (typeof CELL_WEIGHTS)[number];

/** A cell's weights by the names of its properties. */
export type WeightName = CellWeight['property'];

type NameOfEach = Extract<CellWeight, { flag: null }>['property'];
type NameOfSome = Exclude<WeightName, NameOfEach>;

/** One value for each weight; null for one that a cell is without, such as the bias. */
export type ByWeight<Value> = Record<NameOfEach, Value> & Record<NameOfSome, Value | null>;

/** Likewise, where one that is not there may be missing as well as null. */
type HasByWeight<Value> = Record<NameOfEach, Value> & Partial<Record<NameOfSome, Value | null>>;

/** Where a cell, of this package or of tfjs, has its weights. */
export type HoldsWeights = HasByWeight<tf.LayerVariable>;

/**
 * Kernel, recurrent kernel and bias of a cell that has some of the plain LSTM's gates, or others, in blocks of U.
 *
 * @param outputs The width of h.
 */
export function lstmWeightsOf(
  flags: Parameters<typeof weightsFor>[0],
  gates: readonly string[],
  outputs: number,
): WeightFacts[] {
  return weightsFor(flags).map((weight) => ({
    ...weight,
    shape: (features, units) => {
      const width = gates.length * units;
      return weight.row === null ? [width] : [weight.row === 'feature' ? features : outputs, width];
    },
    blocks: (units) => blocksOf(gates, units),
  }));
}

/** The weights that a cell of such arguments has. */
export function weightsFor(flags: Partial<Record<NonNullable<CellWeight['flag']>, boolean>>): CellWeight[] {
  return CELL_WEIGHTS.filter(({ flag }) => flag === null || flags[flag]);
}

/** What a holder, such as a built cell, has for each weight, in the order of the table. */
export function weightsOf<Value>(holder: HasByWeight<Value>): Value[] {
  return CELL_WEIGHTS.flatMap(({ property }) => holder[property] ?? []);
}

/** Makes something of each weight that is there; `index` counts these, as in the list of `weightsOf`. */
export function mapWeights<Value, Result>(
  holder: HasByWeight<Value>,
  map: (value: Value, index: number) => Result,
): ByWeight<Result> {
  const results = {} as Record<WeightName, Result | null>;
  let index = 0;
  for (const { property } of CELL_WEIGHTS) {
    const value = holder[property] ?? null;
    results[property] = value === null ? null : map(value, index++);
  }
  return results as ByWeight<Result>;
}

/** The same of promises, all of which are made before the first is waited for. */
export async function mapWeightsAsync<Value, Result>(
  holder: HasByWeight<Value>,
  map: (value: Value) => Promise<Result>,
): Promise<ByWeight<Result>> {
  const results = await Promise.all(weightsOf(holder).map(map));
  return mapWeights(holder, (_, index) => results[index] as Result);
}

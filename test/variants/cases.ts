import * as tf from '@tensorflow/tfjs';
import { splitBlocks } from '../../src/core/gates.js';
import type { CellStep, States } from '../../src/core/step.js';
import { type GateDropoutMasks, weightedSum } from '../../src/core/weighted-sum.js';
import { blocksOf, lstmWeightsOf, type WeightFacts } from '../../src/core/weights.js';
import { LSTMCell, type LSTMCellArgs, lstm, lstmCell } from '../../src/index.js';
import type { LSTM, LSTMOverCellArgs } from '../../src/layers/lstm.js';
import type { AnyLSTMCell } from '../../src/layers/lstm-cell.js';
import * as variants from '../../src/variants/index.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import { VARIANT_FIXTURES } from './variant-fixtures.js';

/** A user's own cell: an LSTM that writes half of what it forgets, with other gates, states and weights than ours. */
export class UsersCell extends LSTMCell<CellStep> {
  static override readonly className: string = 'UsersCell';
  override get gateNames(): readonly string[] {
    return ['keep', 'write'];
  }
  override get stateNames(): readonly string[] {
    return ['h', 'slow'];
  }
  override widthOf(name: string): number {
    return name === 'h' ? this.units + 1 : this.units;
  }
  override get weightFacts(): readonly WeightFacts[] {
    return lstmWeightsOf(this, this.gateNames, this.widthOf('h'));
  }
  override stepFromProjectedInput(
    projected: tf.Tensor2D,
    states: States,
    recurrentDropoutMasks: GateDropoutMasks,
  ): CellStep {
    const [h, slow] = states as readonly [tf.Tensor2D, tf.Tensor2D];
    const recurrent = weightedSum(h, this.recurrentKernel.read() as tf.Tensor2D, recurrentDropoutMasks);
    const z = splitBlocks(tf.add<tf.Tensor2D>(projected, recurrent), blocksOf(this.gateNames, this.units));
    const keep = tf.sigmoid(z.keep as tf.Tensor2D);
    const write = tf.tanh(z.write as tf.Tensor2D);
    const next = tf.add<tf.Tensor2D>(tf.mul(keep, slow), tf.mul(tf.sub(1, keep), tf.mul(0.5, write)));
    return { keep, write, slow: next, h: tf.concat([next, tf.mean(next, 1, true)], 1) };
  }
}
tf.serialization.registerClass(UsersCell);

type Make = (args: LSTMCellArgs) => AnyLSTMCell;

/** Arguments by which a maker's cells differ in kind, where those of its fixtures are not all that is to be seen. */
const KINDS: Record<string, object[]> = {
  mLSTMCell: [{ heads: 1 }, { heads: 2 }],
  sLSTMCell: [{ heads: 1 }, { heads: 2 }],
  peepholeCell: [
    { peepholeInitializer: 'glorotUniform' },
    { coupled: true, gateClip: 2 },
    { projectionUnits: 3, projectionClip: 0.9, cellClip: 0.8, forgetBias: 0.5 },
  ],
};

const MAKERS: Record<string, Make> = {
  lstmCell,
  usersCell: (args) => new UsersCell(args),
};
for (const [name, made] of Object.entries(variants)) {
  if (/^[a-z]/.test(name) && typeof made === 'function') MAKERS[name] = made as unknown as Make;
}

export interface CellCase {
  maker: string;
  make: Make;
  args: LSTMCellArgs;
}

export const UNITS = 4;
export const FEATURES = 3;
export const BATCH = 4;
export const TIMESTEPS = 6;

/** Every cell of this package, and a user's, by a name that says its arguments. */
export const CELL_CASES: [name: string, CellCase][] = Object.entries(MAKERS).flatMap(([maker, make]) =>
  (KINDS[maker] ?? kindsOfFixtures(maker)).map((kind): [string, CellCase] => [
    `${maker} ${JSON.stringify(kind)}`,
    { maker, make, args: { units: UNITS, recurrentActivation: 'sigmoid', ...kind } },
  ]),
);

export function cellOf({ make, args }: CellCase, more: Partial<LSTMCellArgs> = {}): AnyLSTMCell {
  return make({ ...args, ...more });
}

/** The dropout that a cell takes. */
export function dropoutOf({ maker }: CellCase): Partial<LSTMCellArgs> {
  return maker === 'mLSTMCell' ? { dropout: 0.5 } : { dropout: 0.5, recurrentDropout: 0.5 };
}

/** A layer over a cell, built, with random weights. */
export function layerOf(cell: AnyLSTMCell, args: Partial<Omit<LSTMOverCellArgs, 'cell'>> = {}, seed = 1): LSTM {
  const layer = lstm({ cell, ...args });
  layer.build([args.stateful ? BATCH : null, null, FEATURES]);
  randomizeWeights(layer, seed);
  return layer;
}

export function randomInput(seed: number, timesteps = TIMESTEPS): tf.Tensor3D {
  return randomTensor([BATCH, timesteps, FEATURES], seed);
}

/** Random states of a cell; a normalizer n is positive, as it divides. */
export function randomStates(cell: AnyLSTMCell, seed: number): tf.Tensor2D[] {
  return cell.stateNames.map((name, n) => {
    const state = randomTensor<tf.Rank.R2>([BATCH, cell.widthOf(name)], seed + n, 0.5);
    return name === 'n' ? tf.add(tf.abs(state), 0.5) : state;
  });
}

/** Arguments of a maker's fixtures that are not numbers or activations, each combination once. */
function kindsOfFixtures(maker: string): object[] {
  const kinds = VARIANT_FIXTURES.filter(({ cell }) => cell === maker).map(({ args }) => {
    const { activation: _, recurrentActivation: __, ...own } = args;
    return JSON.stringify(Object.fromEntries(Object.entries(own).filter(([, value]) => typeof value !== 'number')));
  });
  return kinds.length === 0 ? [{}] : [...new Set(kinds)].map((kind) => JSON.parse(kind) as object);
}

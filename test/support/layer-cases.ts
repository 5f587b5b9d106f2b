import * as tf from '@tensorflow/tfjs';
import { make } from 'covertable';
import type { LSTMArgs } from '../../src/index.js';
import { MASK_BATCH, MASK_KINDS, MASK_TIMESTEPS, type MaskKind, maskOf } from './masks.js';
import { randomTensor } from './random.js';
import { type LayerResults, resultsOf } from './twins.js';

export const CASE_UNITS = 5;
export const CASE_FEATURES = 3;

/** A combination of what a layer can be made and called with. */
export interface LayerCase {
  args: Omit<LSTMArgs, 'units'>;
  mask: MaskKind;
  states: 'zeros' | 'by name' | 'after x';
}

const FACTORS = {
  returnSequences: [false, true],
  returnState: [false, true],
  recurrentActivation: ['hardSigmoid', 'sigmoid'],
  activation: ['tanh', 'relu', 'softsign', 'linear'],
  useBias: [true, false],
  goBackwards: [false, true],
  dropout: [0, 0.3],
  recurrentDropout: [0, 0.4],
  mask: MASK_KINDS,
  states: ['zeros', 'by name', 'after x'],
} as const;

function pairwise(factors: object): LayerCase[] {
  return make(factors as Record<string, unknown[]>).map(({ mask, states, ...args }) => ({
    args,
    mask,
    states,
  })) as LayerCase[];
}

const FOUR_COMBINATIONS: LayerCase[] = [false, true].flatMap((returnSequences) =>
  [false, true].flatMap((returnState) =>
    MASK_KINDS.map((mask) => ({ args: { returnSequences, returnState }, mask, states: 'by name' as const })),
  ),
);

/** What the layer may return, with every mask; and every pair of options, on the plain path and on what a layer chooses. */
export const MAIN_CASES = [...FOUR_COMBINATIONS, ...pairwise({ ...FACTORS, useFused: ['auto', false] })];

/** Every pair of options. */
export const PAIRWISE_CASES = pairwise(FACTORS);

/** Drops in a pattern that depends on the shape alone, and scales what is left unevenly. */
export function patternedDropout(ones: tf.Tensor, rate: number): tf.Tensor {
  const pattern = tf.tidy(() => tf.mod(tf.range(0, ones.size), 3).reshape(ones.shape));
  return tf.mul(tf.mul(ones, pattern), 1 / (1 - rate));
}

export function titleOf({ args, mask, states }: LayerCase): string {
  const set = Object.entries(args).map(([name, value]) => `${name} ${value}`);
  return [...set, `mask ${mask}`, `states ${states}`].join(', ');
}

/** What a layer of `CASE_UNITS` units returns in training, and its gradients, for the same random input every time. */
export function resultsOfCase(layer: tf.layers.Layer, { mask, states }: LayerCase): LayerResults {
  const x = randomTensor([MASK_BATCH, MASK_TIMESTEPS, CASE_FEATURES], 7);
  const initialState = [randomTensor([MASK_BATCH, CASE_UNITS], 8), randomTensor([MASK_BATCH, CASE_UNITS], 9)];
  const kwargs = { mask: maskOf(mask), training: true };
  return resultsOf(
    layer,
    (input, given) => {
      if (states === 'after x') return layer.apply([input, ...given], { ...kwargs }) as tf.Tensor[];
      return layer.apply(input, states === 'zeros' ? { ...kwargs } : { ...kwargs, initialState: given }) as tf.Tensor[];
    },
    states === 'zeros' ? { x } : { x, states: initialState },
  );
}

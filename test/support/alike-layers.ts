import * as tf from '@tensorflow/tfjs';
import type { LSTMArgs } from '../../src/index.js';
import { LAYER_KIND_NAMES, LAYER_KINDS, type LayerKind } from './layer-kinds.js';
import { MASK_BATCH, MASK_TIMESTEPS, type MaskKind, maskOf } from './masks.js';
import { randomizeWeights, randomTensor } from './random.js';

export const UNITS = 5;
export const FEATURES = 3;

/** A layer of a kind, built; for the same seed all kinds have the same weights. */
export function layerOfKind(kind: LayerKind, args: Partial<LSTMArgs> = {}, seed = 1): tf.layers.RNN {
  const layer = LAYER_KINDS[kind]({ units: UNITS, ...args });
  layer.apply(tf.input({ batchShape: [args.stateful ? MASK_BATCH : null, null, FEATURES] }));
  randomizeWeights(layer, seed);
  return layer;
}

/** One layer of every kind, all with the same weights. */
export function alikeLayers(args: Partial<LSTMArgs> = {}): [LayerKind, tf.layers.RNN][] {
  return LAYER_KIND_NAMES.map((kind) => [kind, layerOfKind(kind, args)]);
}

export interface LayerCall {
  /** [4, 6, 3] */
  x: tf.Tensor3D;
  mask: tf.Tensor2D | null;
  /** h and c, each [4, 5], or null. */
  initialState: [h: tf.Tensor2D, c: tf.Tensor2D] | null;
}

export function randomStates(seed: number): [h: tf.Tensor2D, c: tf.Tensor2D] {
  return [randomTensor([MASK_BATCH, UNITS], seed), randomTensor([MASK_BATCH, UNITS], seed + 1)];
}

/** What such layers run on. */
export function randomCall({ mask = 'none' as MaskKind, withStates = false } = {}): LayerCall {
  const x = randomTensor<tf.Rank.R3>([MASK_BATCH, MASK_TIMESTEPS, FEATURES], 7);
  return { x, mask: maskOf(mask), initialState: withStates ? randomStates(8) : null };
}

/** Every output of a layer for a call. */
export function applyTo(layer: tf.layers.RNN, { x, mask, initialState }: LayerCall): tf.Tensor[] {
  const outputs = layer.apply(x, { ...(mask && { mask }), ...(initialState && { initialState }) });
  return [outputs].flat() as tf.Tensor[];
}

import type * as tf from '@tensorflow/tfjs';
import { toExplicit } from '../../../src/convert/index.js';
import { NODE_BACKENDS } from '../../../tools/backends.js';
import { randomizeWeights } from '../../convert/support/models.js';

type Kind = 'built-in' | 'explicit';

/** Turns a model of built-in layers into one of a kind, with random weights. */
export const MADE: Record<Kind, (model: tf.LayersModel) => tf.LayersModel> = {
  'built-in': (model) => {
    randomizeWeights(model);
    return model;
  },
  explicit: (model) => {
    randomizeWeights(model);
    return toExplicit(model);
  },
};

/** Every backend with every kind of layers. */
export const CASES = NODE_BACKENDS.flatMap((backend) =>
  (['built-in', 'explicit'] as const).map((kind) => [backend, kind] as const),
);

import * as tf from '@tensorflow/tfjs';
import { type LSTM, lstm } from '../../src/index.js';
import { peepholeCell } from '../../src/variants/index.js';
import { useBackend } from '../../tools/backends.js';
import { type Contestant, tensorContestant } from '../contestant.js';
import { implementationOf } from '../layers.js';
import type { Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { parseShape, type Shape } from '../shapes.js';

const SHAPES = ['1x100x100x100', '32x50x64x128'].map(parseShape);

/** The variant that fused kernels know, on them and on plain ops. */
export const variantsSection: Section = {
  title:
    'Training with a cell with peepholes, clip and projection to half its units, plain ops against the fused kernel',
  run: async (options) => {
    const results: Result[] = [];
    for (const backend of options.backends) {
      await useBackend(backend);
      for (const shape of SHAPES) {
        const x = tf.randomNormal<tf.Rank.R3>([shape.batch, shape.timesteps, shape.features], 0, 1, 'float32', 1);
        const plain = layerOf(shape, false);
        const chosen = layerOf(shape, options.plain ? false : 'auto');
        for (const layer of [plain, chosen]) layer.apply(tf.input({ shape: [null, shape.features] }));
        chosen.setWeights(plain.getWeights());
        const duel = { baseline: training('plain ops', plain, x), candidate: training('explicit', chosen, x) };
        results.push(await measureDuel({ section: 'variants', backend, shape }, duel, options));
        x.dispose();
        for (const layer of [plain, chosen]) layer.dispose();
      }
    }
    return { results };
  },
};

function layerOf({ units }: Shape, useFused: boolean | 'auto'): LSTM {
  const initializers = { recurrentInitializer: 'glorotUniform', peepholeInitializer: 'glorotUniform' } as const;
  const cell = peepholeCell({ ...initializers, units, cellClip: 3, projectionUnits: units / 2 });
  return lstm({ cell, useFused, returnSequences: true });
}

function training(name: string, layer: LSTM, x: tf.Tensor3D): Contestant {
  const compute = () => {
    const loss = () => tf.mean(tf.square(layer.apply(x) as tf.Tensor)) as tf.Scalar;
    const { value, grads } = tf.variableGrads(loss);
    return [value, ...layer.trainableWeights.map((weight) => grads[(weight.read() as tf.Variable).name] as tf.Tensor)];
  };
  return { ...tensorContestant(name, compute), implementation: () => implementationOf(layer) };
}

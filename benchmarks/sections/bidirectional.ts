import * as tf from '@tensorflow/tfjs';
import { KERAS_DEFAULTS, type LSTMArgs, lstm } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { type Contestant, tensorContestant } from '../contestant.js';
import { implementationOf } from '../layers.js';
import type { Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { parseShape } from '../shapes.js';

const SHAPE = parseShape('1x100x100x100');

/**
 * The model whose author found a prediction to take about a second:
 * https://github.com/tensorflow/tfjs/issues/3284
 */
export const bidirectionalSection: Section = {
  title: 'A model of two bidirectional LSTMs, the states of the first given to the second; one prediction',
  run: async (options) => {
    const results: Result[] = [];
    for (const backend of options.backends) {
      await useBackend(backend);
      const { timesteps, features } = SHAPE;
      const inputs = [1, 2].map((seed) => tf.randomNormal([1, timesteps, features], 0, 1, 'float32', seed));
      const builtIn = model((args) => tf.layers.lstm({ ...args } as tf.LSTMLayerArgs));
      const explicit = model((args) => lstm({ ...args, useFused: options.plain ? false : 'auto' }));
      explicit.setWeights(builtIn.getWeights());
      const duel = {
        baseline: prediction('built-in', builtIn, inputs),
        candidate: prediction('explicit', explicit, inputs),
      };
      results.push(await measureDuel({ section: 'bidirectional', backend, shape: SHAPE }, duel, options));
      tf.dispose(inputs);
      builtIn.dispose();
      explicit.dispose();
    }
    return { results };
  },
};

function model(makeLSTM: (args: LSTMArgs) => tf.RNN): tf.LayersModel {
  const { timesteps, features, units } = SHAPE;
  // An orthogonal initializer would take its time.
  const args = { ...KERAS_DEFAULTS, units, returnSequences: true, recurrentInitializer: 'glorotUniform' } as const;
  const bidirectional = (layer: tf.RNN) => tf.layers.bidirectional({ layer, mergeMode: 'concat' });
  const [first, second] = [1, 2].map(() => tf.input({ shape: [timesteps, features] })) as [
    tf.SymbolicTensor,
    tf.SymbolicTensor,
  ];
  const encoder = bidirectional(makeLSTM({ ...args, returnState: true }));
  const [, ...states] = encoder.apply(first) as tf.SymbolicTensor[];
  const decoded = bidirectional(makeLSTM(args)).apply(second, { initialState: states }) as tf.SymbolicTensor;
  const outputs = tf.layers.dense({ units: 100, activation: 'softmax' }).apply(decoded) as tf.SymbolicTensor;
  return tf.model({ inputs: [first, second], outputs });
}

function prediction(name: string, model: tf.LayersModel, inputs: tf.Tensor[]): Contestant {
  const encoder = model.layers.find((layer) => layer.getClassName() === 'Bidirectional');
  const { forwardLayer } = encoder as unknown as { forwardLayer: tf.RNN };
  return {
    ...tensorContestant(name, () => [model.predict(inputs) as tf.Tensor]),
    implementation: () => implementationOf(forwardLayer),
  };
}

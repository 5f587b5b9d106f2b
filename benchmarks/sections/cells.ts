import * as tf from '@tensorflow/tfjs';
import { accelerateBuiltIn, lastImplementation } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { type Contestant, tensorContestant } from '../contestant.js';
import type { Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { parseShape } from '../shapes.js';

const SHAPES = ['1x100x100x100', '32x50x64x128'].map(parseShape);

/** Two cells in a stack, as tutorials have them. */
export const cellsSection: Section = {
  title: 'Training with tf.layers.rnn over two stacked tf.layers.lstmCell, as it is and after accelerateBuiltIn',
  run: async (options) => {
    const results: Result[] = [];
    for (const backend of options.backends) {
      await useBackend(backend);
      for (const shape of SHAPES) {
        const { batch, timesteps, features, units } = shape;
        const cellOf = () => tf.layers.lstmCell({ units, recurrentInitializer: 'glorotUniform' });
        const cell = [cellOf(), cellOf()];
        const layer = tf.layers.rnn({ cell, returnSequences: true } as tf.RNNLayerArgs) as tf.RNN;
        const x = tf.randomNormal<tf.Rank.R3>([batch, timesteps, features], 0, 1, 'float32', 1);
        tf.dispose(layer.apply(x) as tf.Tensor);
        const built = training('built-in', layer, x);
        const duel = { baseline: built, candidate: accelerated(layer, x) };
        results.push(await measureDuel({ section: 'cells', backend, shape }, duel, options));
        x.dispose();
        layer.dispose();
      }
    }
    return { results };
  },
};

function training(name: string, layer: tf.RNN, x: tf.Tensor3D): Contestant {
  return tensorContestant(name, () => {
    const loss = () => tf.mean(tf.square(layer.apply(x) as tf.Tensor)) as tf.Scalar;
    const { value, grads } = tf.variableGrads(loss);
    return [value, ...layer.trainableWeights.map((weight) => grads[(weight.read() as tf.Variable).name] as tf.Tensor)];
  });
}

function accelerated(layer: tf.RNN, x: tf.Tensor3D): Contestant {
  let ranOn = '';
  const { run, results } = training('accelerated', layer, x);
  const within = <Value>(compute: () => Value): Value => {
    const undo = accelerateBuiltIn();
    try {
      return compute();
    } finally {
      ranOn = lastImplementation(layer)?.name ?? ranOn;
      undo();
    }
  };
  return {
    name: 'accelerated',
    run: () => within(run),
    results: () => within(results),
    implementation: () => ranOn,
  };
}

import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../tools/backends.js';
import type { Contestant } from '../contestant.js';
import { formatTime } from '../format-time.js';
import { implementationOf, makeLayers } from '../layers.js';
import { formatTable, type Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { parseShape } from '../shapes.js';

/** Timesteps of one run. */
const STEPS = 100;
const SHAPES = ['1x1x100x100', '1x1x256x512'].map(parseShape);

/** What generating text does: a call a timestep, whose output is read before the next one can begin. */
export const streamingSection: Section = {
  title: `Streaming: ${STEPS} calls of one timestep each, stateful, against tf.layers.lstm`,
  run: async (options) => {
    const results: Result[] = [];
    for (const backend of options.backends) {
      await useBackend(backend);
      for (const shape of SHAPES) {
        const layers = makeLayers(shape, { ...options, stateful: true });
        const duel = {
          baseline: stream('built-in', layers.builtIn, layers.x),
          candidate: stream('explicit', layers.explicit, layers.x),
        };
        results.push(await measureDuel({ section: 'streaming', backend, shape }, duel, options));
        layers.dispose();
      }
    }
    return {
      results,
      tables: [
        formatTable(['backend', 'B x T x D x U', 'built-in, µs a step', 'explicit, µs a step'], results.map(stepTimes)),
      ],
    };
  },
};

function stepTimes({ backend, shape, baseline, candidate }: Result): string[] {
  const microseconds = (milliseconds: number) => formatTime((1000 * milliseconds) / STEPS);
  return [backend, shape, microseconds(baseline.median), microseconds(candidate.median)];
}

function stream(name: string, layer: tf.layers.Layer, x: tf.Tensor): Contestant {
  const run = () => {
    (layer as tf.RNN).resetStates();
    let output: Float32Array = new Float32Array();
    for (let step = 0; step < STEPS; step++) {
      // Not returned, for tfjs looks for tensors in each number of an array that a tidy returns.
      tf.tidy(() => {
        output = (layer.apply(x) as tf.Tensor).dataSync<'float32'>();
      });
    }
    return output;
  };
  return { name, run, results: async () => [run()], implementation: () => implementationOf(layer) };
}

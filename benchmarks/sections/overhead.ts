import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../tools/backends.js';
import { bareFunction } from '../bare-function.js';
import type { Contestant, Duel } from '../contestant.js';
import { formatTime } from '../format-time.js';
import { implementationOf, makeLayers } from '../layers.js';
import { formatTable, type Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { parseShape, type Shape } from '../shapes.js';

/** Calls of one run. */
const CALLS = 100;
const SHAPES = ['1x1x100x100', '1x1x16x16', '1x20x100x100'].map(parseShape);

/**
 * What a call of the layer takes beyond the function of the module that computes it, with no output read; and, as what no
 * layer goes below, what tfjs's smallest one takes with the one op that it consists of.
 */
export const overheadSection: Section = {
  title: `Overhead: ${CALLS} calls of layer.apply on wasm, against the bare function of the WebAssembly module`,
  run: async (options) => {
    const results: Result[] = [];
    if (options.backends.includes('wasm')) {
      await useBackend('wasm');
      const place = { section: 'overhead', backend: 'wasm' } as const;
      for (const shape of SHAPES) {
        const layers = makeLayers(shape, { ...options, recurrentActivation: 'sigmoid' });
        const candidate = applied('apply', layers.explicit, layers.x);
        results.push(
          await measureDuel(
            { ...place, shape },
            { baseline: bareFunction('module', layers, CALLS), candidate },
            options,
          ),
        );
        layers.dispose();
      }
      const [shape] = SHAPES as [Shape];
      results.push(await measureDuel({ ...place, shape }, smallestLayer(shape), options));
    }
    const head = ['B x T x D x U', 'of', 'without a layer, µs', 'layer.apply, µs', 'above it, µs'];
    return { results, tables: [formatTable(head, results.map(callTimes))] };
  },
};

function callTimes({ shape, compared, baseline, candidate }: Result): string[] {
  const [bare, layer] = [baseline.median, candidate.median].map((time) => (1000 * time) / CALLS) as [number, number];
  return [shape, compared.baseline, formatTime(bare), formatTime(layer), formatTime(layer - bare)];
}

function applied(name: string, layer: tf.layers.Layer, x: tf.Tensor): Contestant {
  return calling(
    name,
    () => layer.apply(x) as tf.Tensor,
    () => implementationOf(layer),
  );
}

function calling(name: string, call: () => tf.Tensor, implementation = () => ''): Contestant {
  const run = () => {
    for (let n = 0; n < CALLS; n++) call().dispose();
  };
  return { name, run, results: async () => [await call().data<'float32'>()], implementation };
}

/** An op on a tensor as large as the LSTM's output, and the layer that consists of it. */
function smallestLayer({ batch, units }: Shape): Duel {
  const x = tf.randomUniform([batch, units], -1);
  return {
    baseline: calling('tf.relu', () => tf.relu(x)),
    candidate: applied('tf.layers.reLU', tf.layers.reLU(), x),
  };
}

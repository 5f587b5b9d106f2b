import * as tf from '@tensorflow/tfjs';
import { type NodeBackend, useBackend } from '../../tools/backends.js';
import { type Contestant, tensorContestant } from '../contestant.js';
import { implementationOf, makeLayers } from '../layers.js';
import { onnxContestant, RUNTIMES, type Runtime } from '../onnx/runtimes.js';
import type { Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { DEFAULT_SHAPES, type Shape } from '../shapes.js';
import { drawValues } from '../weights.js';

/** WebAssembly against both, native code against native code; plain JavaScript against neither. */
const RUNTIMES_FOR: Record<NodeBackend, readonly Runtime[]> = {
  cpu: [],
  wasm: RUNTIMES,
  tensorflow: ['onnxruntime-node'],
};

export const onnxSection: Section = {
  title: 'Inference against ONNX Runtime, 1 thread; both from an input in JavaScript memory to a result there',
  run: async (options) => {
    const results: Result[] = [];
    for (const backend of options.backends) {
      await useBackend(backend);
      for (const shape of options.shapes ?? DEFAULT_SHAPES) {
        const layers = makeLayers(shape, { ...options, recurrentActivation: 'sigmoid' });
        const candidate = inferenceFromValues('explicit', layers.explicit, shape);
        for (const runtime of RUNTIMES_FOR[backend]) {
          const baseline = await onnxContestant(runtime, shape);
          results.push(await measureDuel({ section: 'onnx', backend, shape }, { baseline, candidate }, options));
          await baseline.release();
        }
        layers.dispose();
      }
    }
    return { results };
  },
};

/** Gives the backend its input anew in every run, as ONNX Runtime takes it. */
function inferenceFromValues(name: string, layer: tf.layers.Layer, shape: Shape): Contestant {
  const { batch, timesteps, features } = shape;
  const { x } = drawValues(shape);
  return {
    ...tensorContestant(name, () => [layer.apply(tf.tensor3d(x, [batch, timesteps, features])) as tf.Tensor]),
    implementation: () => implementationOf(layer),
  };
}

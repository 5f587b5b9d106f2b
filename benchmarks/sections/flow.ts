import * as tf from '@tensorflow/tfjs';
import { type GradientFlow, gradientFlow, gradientFlowModel, type LayerFlow } from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';
import type { Contestant } from '../contestant.js';
import { makeLayers, RECURRENT_ACTIVATIONS } from '../layers.js';
import type { Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { shapesFor, trainingStep } from './built-in.js';

/** For each of a training step's three passes, there is one of a flow; and that to the input. */
const PASSES = 4;

/** Each against a training step of the same layer with the same loss: the mean of the squares of the last h. */
export const flowSection: Section = {
  title: 'gradientFlow of a layer, and gradientFlowModel of a model of it alone, against a training step',
  run: async (options) => {
    const results: Result[] = [];
    for (const backend of options.backends) {
      await useBackend(backend);
      for (const shape of shapesFor(backend, PASSES, options)) {
        for (const recurrentActivation of RECURRENT_ACTIVATIONS) {
          const { x, explicit, dispose } = makeLayers(shape, { ...options, recurrentActivation });
          const model = tf.sequential({ layers: [explicit] });
          const labels = tf.zeros([shape.batch, shape.units]);
          const baseline = trainingStep('training', explicit, x);
          const candidates = {
            layer: contestant('gradientFlow', () => gradientFlow(explicit, x, ofLastStep)),
            model: contestant('gradientFlowModel', () => {
              const [{ flow }] = gradientFlowModel(model, x, labels, { loss: 'meanSquaredError' }) as [LayerFlow];
              return flow;
            }),
          };
          for (const [of, candidate] of Object.entries(candidates)) {
            const place = { section: 'flow', backend, shape, setting: `${of}, ${recurrentActivation}` } as const;
            results.push(await measureDuel(place, { baseline, candidate }, options));
          }
          labels.dispose();
          dispose();
        }
      }
    }
    return { results };
  },
};

function ofLastStep(h: tf.Tensor3D): tf.Scalar {
  const [batch, timesteps, units] = h.shape;
  return tf.mean(tf.square(tf.slice(h, [0, timesteps - 1, 0], [batch, 1, units])));
}

/** What it has in common with a training step: the loss, and the gradients of the weights. */
function contestant(name: string, flowOf: () => GradientFlow): Contestant {
  return {
    name,
    run: () => {
      const flow = flowOf();
      flow.loss.dataSync();
      flow.dispose();
    },
    results: async () => {
      const flow = flowOf();
      const { kernel, recurrentKernel, bias } = flow.dWeights;
      const ofWeights = [kernel, recurrentKernel, ...(bias === null ? [] : [bias])].map(({ i, f, g, o }) =>
        tf.concat([i, f, g, o] as tf.Tensor[], -1),
      );
      const values = await Promise.all([flow.loss, ...ofWeights].map((tensor) => tensor.data<'float32'>()));
      tf.dispose(ofWeights);
      flow.dispose();
      return values;
    },
  };
}

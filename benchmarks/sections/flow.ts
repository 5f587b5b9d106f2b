import * as tf from '@tensorflow/tfjs';
import { type GradientFlow, gradientFlow, gradientFlowModel } from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';
import type { Contestant, Duel } from '../contestant.js';
import { makeLayers, RECURRENT_ACTIVATIONS, type RecurrentActivation } from '../layers.js';
import type { BenchmarkOptions } from '../options.js';
import type { Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import type { Shape } from '../shapes.js';
import { shapesFor, trainingStep } from './built-in.js';

/** For each of a training step's three passes, there is one of a flow; and that to the input. */
const PASSES = 4;

/** Each against a training step of the same layers with the same loss: the mean of the squares of the last h. */
export const flowSection: Section = {
  title: 'gradientFlow of a layer, gradientFlowModel of it and of two of its kind, each against a training step',
  run: async (options) => {
    const results: Result[] = [];
    for (const backend of options.backends) {
      await useBackend(backend);
      for (const shape of shapesFor(backend, PASSES, options)) {
        for (const recurrentActivation of RECURRENT_ACTIVATIONS) {
          const { duels, dispose } = duelsOf(shape, recurrentActivation, options);
          for (const [of, duel] of Object.entries(duels)) {
            const place = { section: 'flow', backend, shape, setting: `${of}, ${recurrentActivation}` } as const;
            results.push(await measureDuel(place, duel, options));
          }
          dispose();
        }
      }
    }
    return { results };
  },
};

function duelsOf(
  shape: Shape,
  recurrentActivation: RecurrentActivation,
  options: BenchmarkOptions,
): { duels: Record<string, Duel>; dispose: () => void } {
  const { batch, units } = shape;
  const own = { ...options, recurrentActivation };
  const alone = makeLayers(shape, own);
  const lower = makeLayers(shape, { ...own, returnSequences: true });
  const upper = makeLayers({ ...shape, features: units }, own);
  const { x, explicit } = alone;
  const labels = tf.zeros([batch, units]);
  const flowsOf = (model: tf.LayersModel) => () =>
    gradientFlowModel(model, x, labels, { loss: 'meanSquaredError' }).map(({ flow }) => flow);
  const one = tf.sequential({ layers: [explicit] });
  const two = tf.sequential({ layers: [lower.explicit, upper.explicit] });
  const training = trainingStep('training', explicit, x);
  return {
    duels: {
      layer: {
        baseline: training,
        candidate: contestant('gradientFlow', () => [gradientFlow(explicit, x, ofLastStep)]),
      },
      model: { baseline: training, candidate: contestant('gradientFlowModel', flowsOf(one)) },
      'two layers': {
        baseline: trainingStep('training', two, x),
        candidate: contestant('gradientFlowModel', flowsOf(two)),
      },
    },
    dispose: () => {
      labels.dispose();
      for (const layers of [alone, lower, upper]) layers.dispose();
    },
  };
}

function ofLastStep(h: tf.Tensor3D): tf.Scalar {
  const [batch, timesteps, units] = h.shape;
  return tf.mean(tf.square(tf.slice(h, [0, timesteps - 1, 0], [batch, 1, units])));
}

/** What it has in common with a training step: the loss, and the gradients of the weights. */
function contestant(name: string, flowsOf: () => GradientFlow[]): Contestant {
  return {
    name,
    run: () => {
      const flows = flowsOf();
      flows[0]?.loss.dataSync();
      for (const flow of flows) flow.dispose();
    },
    results: async () => {
      const flows = flowsOf();
      const [{ loss }] = flows as [GradientFlow];
      const ofWeights = flows.flatMap(({ dWeights: { kernel, recurrentKernel, bias } }) =>
        [kernel, recurrentKernel, ...(bias === null ? [] : [bias])].map(({ i, f, g, o }) =>
          tf.concat([i, f, g, o] as tf.Tensor[], -1),
        ),
      );
      const values = await Promise.all([loss, ...ofWeights].map((tensor) => tensor.data<'float32'>()));
      tf.dispose(ofWeights);
      for (const flow of flows) flow.dispose();
      return values;
    },
  };
}

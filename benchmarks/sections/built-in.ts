import * as tf from '@tensorflow/tfjs';
import type { LSTM } from '../../src/index.js';
import { type NodeBackend, useBackend } from '../../tools/backends.js';
import { type Contestant, type Duel, tensorContestant } from '../contestant.js';
import { implementationOf, type Layers, makeLayers, RECURRENT_ACTIVATIONS } from '../layers.js';
import type { BenchmarkOptions } from '../options.js';
import type { Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { DEFAULT_SHAPES, formatShape, MODEL_SHAPES, multiplyAdds, type Shape } from '../shapes.js';

/** Multiply-adds for which the built-in layer takes some seconds on the cpu backend, in every run. */
const CPU_MULTIPLY_ADDS = 1500e6;

/** What is timed. */
const TASKS = {
  inference: {
    title: 'Inference against tf.layers.lstm',
    passes: 1,
    duel: ({ x, builtIn, explicit }: Layers) => ({
      baseline: inference('built-in', builtIn, x),
      candidate: inference('explicit', explicit, x),
    }),
  },
  training: {
    title: 'Training step (loss, gradients of the weights) against tf.layers.lstm',
    // The backward pass takes two matrix products for each one forward.
    passes: 3,
    duel: ({ x, builtIn, explicit }: Layers) => ({
      baseline: trainingStep('built-in', builtIn, x),
      candidate: trainingStep('explicit', explicit, x),
    }),
  },
  'training-inputs': {
    title: 'Training step (loss, gradients of the weights and of the input) against tf.layers.lstm',
    passes: 3,
    duel: ({ x, builtIn, explicit }: Layers) => ({
      baseline: trainingStep('built-in', builtIn, x, { withInput: true }),
      candidate: trainingStep('explicit', explicit, x, { withInput: true }),
    }),
  },
  trace: {
    title: 'Inference that keeps every gate (trace) against inference that does not',
    passes: 1,
    duel: ({ x, explicit }: Layers) => ({
      baseline: inference('explicit', explicit, x),
      candidate: traced('explicit with a trace', explicit, x),
    }),
  },
} satisfies Record<string, { title: string; passes: number; duel: (layers: Layers) => Duel }>;

export function builtInSection(task: keyof typeof TASKS): Section {
  const { title, passes, duel } = TASKS[task];
  return {
    title,
    run: async (options) => {
      const results: Result[] = [];
      for (const backend of options.backends) {
        await useBackend(backend);
        for (const shape of shapesFor(backend, passes, options)) {
          for (const recurrentActivation of RECURRENT_ACTIVATIONS) {
            const layers = makeLayers(shape, { ...options, recurrentActivation });
            const { activation } = options;
            const setting = activation === 'tanh' ? recurrentActivation : `${activation}, ${recurrentActivation}`;
            const place = { section: task, backend, shape, setting };
            results.push(await measureDuel(place, duel(layers), options));
            layers.dispose();
          }
        }
      }
      return { results };
    },
  };
}

/** The shapes asked for, or the default ones that a backend does not take too long for, in so many passes. */
export function shapesFor(backend: NodeBackend, passes: number, { shapes }: BenchmarkOptions): Shape[] {
  if (shapes !== undefined) return shapes;
  // Where it is TensorFlow that they are compared with, batches of models are the hardest.
  if (backend === 'tensorflow') return [...DEFAULT_SHAPES, ...MODEL_SHAPES];
  if (backend === 'wasm') return DEFAULT_SHAPES;
  return DEFAULT_SHAPES.filter((shape) => {
    const fits = passes * multiplyAdds(shape) <= CPU_MULTIPLY_ADDS;
    if (!fits) console.log(`${backend}, ${formatShape(shape)}: left out, too slow here; ask for it with --shapes`);
    return fits;
  });
}

export function inference(name: string, layer: tf.layers.Layer, x: tf.Tensor3D): Contestant {
  return withImplementation(
    layer,
    tensorContestant(name, () => [layer.apply(x) as tf.Tensor]),
  );
}

/** A loss and its gradients with respect to all weights, and to the input where that is asked for. */
export function trainingStep(
  name: string,
  layer: tf.layers.Layer,
  x: tf.Tensor3D,
  { withInput = false } = {},
): Contestant {
  // LayerVariable keeps the variable from TypeScript, not from JavaScript.
  const variables = layer.trainableWeights.map((weight) => (weight as unknown as { val: tf.Variable }).val);
  const loss = () => tf.mean(tf.square(layer.apply(x, { training: true }) as tf.Tensor)) as tf.Scalar;
  const valueAndGradients = tf.valueAndGrads(loss);
  return withImplementation(
    layer,
    tensorContestant(name, () => {
      const { value, grads } = valueAndGradients(withInput ? [...variables, x] : variables);
      return [value, ...grads];
    }),
  );
}

/** Reads a trace's hidden states. Compared is the last one, which is what inference returns. */
function traced(name: string, layer: LSTM, x: tf.Tensor3D): Contestant {
  const [batch, timesteps] = x.shape;
  const lastOf = (h: tf.Tensor3D) => tf.reshape(tf.slice(h, [0, timesteps - 1, 0], [batch, 1, -1]), [batch, -1]);
  const { results } = tensorContestant(name, () => [lastOf(layer.trace(x).h)]);
  // To slice h takes tfjs's cpu backend a quarter of the time of inference.
  const { run } = tensorContestant(name, () => [layer.trace(x).h]);
  return withImplementation(layer, { name, run, results });
}

function withImplementation(layer: tf.layers.Layer, contestant: Contestant): Contestant {
  // The built-in layer has none.
  return { ...contestant, implementation: () => implementationOf(layer as LSTM) };
}

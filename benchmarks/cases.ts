import * as tf from '@tensorflow/tfjs';
import { KERAS_DEFAULTS, type LSTM, lstm } from '../src/index.js';
import type { Contestant, Duel } from './measuring.js';
import type { Shape } from './shapes.js';

/** What is timed. */
export const TASKS = ['inference', 'training step', 'inference with a trace'] as const;
export type Task = (typeof TASKS)[number];

/** The plain path against the built-in layer; with a trace, against its own inference. */
export function plainPathDuel(task: Task, shape: Shape): Duel {
  const { batch, timesteps, features, units } = shape;
  const x = tf.randomNormal<tf.Rank.R3>([batch, timesteps, features], 0, 1, 'float32', 1);
  // tfjs's orthogonal initializer takes minutes at 1024 units.
  const args = { ...KERAS_DEFAULTS, units, recurrentInitializer: 'zeros' } as const;
  const builtIn = tf.layers.lstm({ ...args });
  const explicit = lstm({ ...args, useFused: false });
  giveEqualWeights([builtIn, explicit], shape);
  const names = { builtIn: 'built-in', explicit: 'explicit', traced: 'explicit with a trace' };
  const duels: Record<Task, [Contestant, Contestant]> = {
    inference: [inference(names.builtIn, builtIn, x), inference(names.explicit, explicit, x)],
    'training step': [trainingStep(names.builtIn, builtIn, x), trainingStep(names.explicit, explicit, x)],
    'inference with a trace': [inference(names.explicit, explicit, x), traced(names.traced, explicit, x)],
  };
  const [baseline, candidate] = duels[task];
  const dispose = () => {
    x.dispose();
    builtIn.dispose();
    explicit.dispose();
  };
  return { task, baseline, candidate, dispose };
}

function inference(name: string, layer: tf.layers.Layer, x: tf.Tensor3D): Contestant {
  return { name, run: () => [layer.apply(x) as tf.Tensor] };
}

/** A loss and its gradients with respect to all weights. */
function trainingStep(name: string, layer: tf.layers.Layer, x: tf.Tensor3D): Contestant {
  // LayerVariable keeps the variable from TypeScript, not from JavaScript.
  const variables = layer.trainableWeights.map((weight) => (weight as unknown as { val: tf.Variable }).val);
  const loss = () => tf.mean(tf.square(layer.apply(x, { training: true }) as tf.Tensor)) as tf.Scalar;
  return {
    name,
    run: () => {
      const { value, grads } = tf.variableGrads(loss, variables);
      return [value, ...variables.map((variable) => grads[variable.name] as tf.Tensor)];
    },
  };
}

/** The last hidden state of a trace, which is what inference returns. */
function traced(name: string, layer: LSTM, x: tf.Tensor3D): Contestant {
  const [batch, timesteps] = x.shape;
  return {
    name,
    run: () => [tf.reshape(tf.slice(layer.trace(x).h, [0, timesteps - 1, 0], [batch, 1, -1]), [batch, -1])],
  };
}

/** Random weights, scaled so that gates neither saturate nor stay at their middle. */
function giveEqualWeights(layers: readonly tf.layers.Layer[], { features, units }: Shape): void {
  tf.tidy(() => {
    const draw = (shape: number[], deviation: number, seed: number) =>
      tf.randomNormal(shape, 0, deviation, 'float32', seed);
    const weights = [
      draw([features, 4 * units], features ** -0.5, 2),
      draw([units, 4 * units], units ** -0.5, 3),
      draw([4 * units], 1, 4),
    ];
    for (const layer of layers) {
      // Builds the layer; build() by itself would be repeated by the first apply().
      layer.apply(tf.zeros([1, 1, features]));
      layer.setWeights(weights);
    }
  });
}

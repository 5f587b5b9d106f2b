import * as tf from '@tensorflow/tfjs';
import { type LSTM, type LSTMArgs, lstm } from '../../src/index.js';
import { asList } from './close.js';
import { randomizeWeights, randomTensor } from './random.js';

export type BuiltInLSTM = ReturnType<typeof tf.layers.lstm>;

/** A built-in layer and an explicit one, with the same random weights. */
export interface Twins {
  builtIn: BuiltInLSTM;
  explicit: LSTM;
}

export function twins(args: LSTMArgs, features: number, { seed = 1, batch = null as number | null } = {}): Twins {
  const builtIn = tf.layers.lstm({ ...args } as tf.LSTMLayerArgs);
  const explicit = lstm({ ...args });
  for (const layer of [builtIn, explicit]) {
    layer.apply(tf.input({ batchShape: [batch, null, features] }));
    randomizeWeights(layer, seed);
  }
  return { builtIn, explicit };
}

export interface LayerInputs {
  x: tf.Tensor;
  states?: tf.Tensor[];
  /** False where a mask is computed from x, for which tfjs has no gradient. Default: true. */
  differentiable?: boolean;
}

export interface LayerResults {
  outputs: tf.Tensor[];
  /** Of every weight, in the layer's order. */
  weightGradients: tf.Tensor[];
  /** Of x, and of the initial states where there are any; none where x is not differentiable. */
  inputGradients: tf.Tensor[];
}

/**
 * Outputs of a layer, and the gradients of a scalar in which every element of every output has a weight of its own.
 */
export function resultsOf(
  layer: tf.layers.Layer | tf.LayersModel,
  run: (x: tf.Tensor, states: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  { x, states = [], differentiable = true }: LayerInputs,
): LayerResults {
  const outputs = asList(run(x, states));
  const cotangents = outputs.map((output, n) => randomTensor(output.shape, 900 + n));
  const loss = (...inputs: tf.Tensor[]) => {
    const [firstInput, ...otherInputs] = inputs as [tf.Tensor, ...tf.Tensor[]];
    const results = asList(run(firstInput, otherInputs));
    const terms = results.map((result, n) => tf.sum(tf.mul(result, cotangents[n] as tf.Tensor)));
    // tfjs's webgpu backend cannot add more than seven at once.
    return terms.reduce((sum, term) => tf.add(sum, term)) as tf.Scalar;
  };
  const inputGradients = differentiable ? tf.grads(loss)([x, ...states]) : [];
  const { grads } = tf.variableGrads(() => loss(x, ...states));
  const variables = layer.trainableWeights.map((weight) => (weight.read() as tf.Variable).name);
  return { outputs, inputGradients, weightGradients: variables.map((name) => grads[name] as tf.Tensor) };
}

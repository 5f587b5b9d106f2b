import * as tf from '@tensorflow/tfjs';
import type { ActivationName } from '../src/core/activations.js';
import { type LSTM, lstm } from '../src/index.js';
import type { Shape } from './shapes.js';
import { drawValues } from './weights.js';

/** tfjs's default first, then Keras's. */
export const RECURRENT_ACTIVATIONS = ['hardSigmoid', 'sigmoid'] as const;
export type RecurrentActivation = (typeof RECURRENT_ACTIVATIONS)[number];

/** The built-in layer and this package's, with equal weights, and an input for them. */
export interface Layers {
  /** [B, T, D] */
  x: tf.Tensor3D;
  builtIn: tf.layers.Layer;
  explicit: LSTM;
  dispose: () => void;
}

export interface LayerOptions {
  /** Whether the explicit layer is to run on plain tfjs ops. */
  plain: boolean;
  /** Default: 'tanh'. */
  activation?: ActivationName;
  /** Default: tfjs's default. */
  recurrentActivation?: RecurrentActivation;
  stateful?: boolean;
  returnSequences?: boolean;
}

export function makeLayers(
  shape: Shape,
  { plain, activation = 'tanh', recurrentActivation = 'hardSigmoid', ...others }: LayerOptions,
): Layers {
  const { batch, timesteps, features, units } = shape;
  const values = drawValues(shape);
  const x = tf.tensor3d(values.x, [batch, timesteps, features]);
  const batchInputShape: [number, null, number] = [batch, null, features];
  // All weights are set below; tfjs's orthogonal initializer takes minutes at 1024 units.
  const initializers = { kernelInitializer: 'zeros', recurrentInitializer: 'zeros' } as const;
  const activations = { activation: activation as 'tanh', recurrentActivation };
  const { stateful = false, returnSequences = false } = others;
  const args = { ...initializers, ...activations, units, stateful, returnSequences, batchInputShape };
  const layers = {
    builtIn: tf.layers.lstm({ ...args }),
    explicit: lstm({ ...args, useFused: plain ? false : 'auto' }),
  };
  tf.tidy(() => {
    const weights = [
      tf.tensor2d(values.kernel, [features, 4 * units]),
      tf.tensor2d(values.recurrentKernel, [units, 4 * units]),
      tf.tensor1d(values.bias),
    ];
    for (const layer of Object.values(layers)) {
      // Builds the layer; build() by itself would be repeated by the first apply().
      layer.apply(tf.zeros([batch, 1, features]));
      layer.setWeights(weights);
      if (stateful) (layer as tf.RNN).resetStates();
    }
  });
  const dispose = () => {
    x.dispose();
    for (const layer of Object.values(layers)) layer.dispose();
  };
  return { x, ...layers, dispose };
}

/** What the layer's last call ran on, with the reason where it was not a fused kernel. */
export function implementationOf(layer: tf.layers.Layer): string {
  const { lastImplementation } = layer as LSTM;
  if (lastImplementation == null) return '';
  const { name, reason } = lastImplementation;
  return reason === undefined ? name : `${name}: ${reason}`;
}

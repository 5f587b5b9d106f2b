import type * as tf from '@tensorflow/tfjs';
import type { UseFused } from '../fused/choose-implementation.js';
import type { RegularizerIdentifier } from '../host/types.js';

/** tfjs's activations by name, and this package's. */
export type Activation = NonNullable<tf.LSTMCellLayerArgs['activation']> | 'hardSigmoidKeras3';

/** What this package's cell takes beyond `tf.layers.lstmCell`'s arguments. */
interface AdditionalCellArgs {
  /** φ. Default: 'tanh'. */
  activation?: Activation;
  /** σ. Default: 'hardSigmoid', which is Keras 2's; 'hardSigmoidKeras3' is Keras 3's. */
  recurrentActivation?: Activation;
  /**
   * Seed of the dropout masks. Every mask drawn differs from the one before, and the sequence of masks is the same for
   * every layer made with the same seed. Default: not reproducible.
   */
  seed?: number;
}

/**
 * The arguments of `lstmCell`: those of `tf.layers.lstmCell`, with the same defaults, and `seed`.
 *
 * `implementation` has no effect on results. `dropout` and `recurrentDropout` are in [0, 1).
 */
export type LSTMCellArgs = Omit<tf.LSTMCellLayerArgs, keyof AdditionalCellArgs> & AdditionalCellArgs;

/**
 * The arguments of `lstm`: those of `tf.layers.lstm`, with the same defaults, and the ones below.
 *
 * `implementation` and `unroll` have no effect on results. `dropout` and `recurrentDropout` are in [0, 1): one dropout
 * mask is drawn a sequence and serves all gates, as in tfjs; with `recurrentDropout` it is one a gate, as in Keras.
 */
export interface LSTMArgs extends Omit<tf.LSTMLayerArgs, 'cell' | keyof AdditionalCellArgs>, AdditionalCellArgs {
  /**
   * Penalty on the layer's outputs (output, h and c; not the gates), added to the loss in training. As in Keras, it is
   * divided by the batch size.
   */
  activityRegularizer?: RegularizerIdentifier;
  /**
   * Returns, after the usual outputs, the gates i, f, g, o and the cell state c of every timestep, each [B, T, U], in
   * the order of processing, as `returnSequences` does. They are differentiable. At masked steps gates are 0 and c
   * carries the previous cell state. Functional models only: Sequential, Bidirectional and TimeDistributed
   * carry one output a layer. Default: false.
   */
  returnGates?: boolean;
  /**
   * `'auto'` runs on a fused kernel where one applies, `false` on plain tfjs ops, and `true` throws, with the reason,
   * where no fused kernel applies. Default: 'auto'.
   */
  useFused?: UseFused;
  /** Outputs 0 at masked steps, instead of the previous output. Default: false. */
  zeroOutputForMask?: boolean;
}

/**
 * What Keras's LSTM defaults to and tfjs's does not. Spread it into the arguments, before your own:
 *
 * ```ts
 * const layer = lstm({ ...KERAS_DEFAULTS, units: 64 });
 * ```
 *
 * Source: https://github.com/keras-team/keras/blob/v3.10.0/keras/src/layers/rnn/lstm.py
 */
export const KERAS_DEFAULTS = {
  recurrentActivation: 'sigmoid',
  kernelInitializer: 'glorotUniform',
  unitForgetBias: true,
} as const;

const LAYER_ARGUMENTS = [
  'name',
  'trainable',
  'weights',
  'dtype',
  'inputDType',
  'inputShape',
  'batchInputShape',
  'batchSize',
  'inputDim',
  'inputLength',
];

export const CELL_ARGUMENTS = [
  ...LAYER_ARGUMENTS,
  'units',
  'activation',
  'recurrentActivation',
  'useBias',
  'kernelInitializer',
  'recurrentInitializer',
  'biasInitializer',
  'unitForgetBias',
  'kernelRegularizer',
  'recurrentRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'recurrentConstraint',
  'biasConstraint',
  'dropout',
  'recurrentDropout',
  'dropoutFunc',
  'implementation',
  'seed',
];

/** The layer's arguments that are true or false. */
export const LAYER_FLAGS = [
  'returnSequences',
  'returnState',
  'goBackwards',
  'stateful',
  'unroll',
  'returnGates',
  'zeroOutputForMask',
];

export const LSTM_ARGUMENTS = [
  ...CELL_ARGUMENTS,
  ...LAYER_FLAGS,
  'activityRegularizer',
  'useFused',
  // tf.layers.lstm writes its cell into the caller's arguments, which may be passed on to here.
  'cell',
];

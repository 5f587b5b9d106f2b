import type * as tf from '@tensorflow/tfjs';

// tfjs exports these types by way of its functions only.

/** tfjs's built-in `LSTMCell` class. */
export type BuiltInCell = ReturnType<typeof tf.layers.lstmCell>;
/** The keyword arguments of `apply` and `call`: `training`, `mask`, `initialState`. */
export type Kwargs = NonNullable<Parameters<tf.layers.RNN['apply']>[1]>;
export type ConfigDict = tf.serialization.ConfigDict;
export type Activation = BuiltInCell['activation'];
export type Initializer = BuiltInCell['kernelInitializer'];
export type Regularizer = BuiltInCell['kernelRegularizer'];
export type RegularizerIdentifier = tf.LSTMLayerArgs['kernelRegularizer'];
/** A loss without arguments, as `layer.losses` lists them. */
export type LossFunction = tf.layers.Layer['losses'][number];

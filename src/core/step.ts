import * as tf from '@tensorflow/tfjs';
import { type ByGate, splitByGate } from './gates.js';

export type ActivationFunction = (x: tf.Tensor2D) => tf.Tensor2D;

/** σ and φ of the equations. */
export interface StepActivations {
  /** φ, of the candidate and of the cell state on its way out. */
  activation: ActivationFunction;
  /** σ, of the input, forget and output gates. */
  recurrentActivation: ActivationFunction;
}

/** What one timestep computes: the gates, the new cell state and the new hidden state, each `[B, U]`. */
export interface LSTMStep extends ByGate<tf.Tensor2D> {
  c: tf.Tensor2D;
  h: tf.Tensor2D;
}

/**
 * The LSTM's six equations for one timestep, from the gates' pre-activations on:
 *
 *     i  = σ(z_i)              input gate
 *     f  = σ(z_f)              forget gate
 *     g  = φ(z_g)              candidate
 *     o  = σ(z_o)              output gate
 *     c' = f ⊙ c + i ⊙ g       cell state
 *     h' = o ⊙ φ(c')           hidden state
 *
 * Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000 and no peepholes.
 *
 * @param z The pre-activations `x·W + h·U + b`, `[B, 4U]`, in blocks i, f, g, o.
 * @param c The previous cell state, `[B, U]`.
 */
export function lstmStep(
  z: tf.Tensor2D,
  c: tf.Tensor2D,
  { activation: φ, recurrentActivation: σ }: StepActivations,
): LSTMStep {
  const preActivations = splitByGate(z);
  const i = σ(preActivations.i);
  const f = σ(preActivations.f);
  const g = φ(preActivations.g);
  const o = σ(preActivations.o);
  const newC = tf.add(tf.mul(f, c), tf.mul(i, g)) as tf.Tensor2D;
  const newH = tf.mul(o, φ(newC)) as tf.Tensor2D;
  return { i, f, g, o, c: newC, h: newH };
}

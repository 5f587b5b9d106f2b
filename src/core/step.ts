import * as tf from '@tensorflow/tfjs';
import { splitByGate } from './gates.js';
import type { ByGate } from './quantities.js';
import { type DropCandidate, type GateDropoutMasks, keepCandidate, weightedSum } from './weighted-sum.js';
import type { HoldsWeights } from './weights.js';

/** A cell's states in the order of its `stateNames`: of the plain LSTM h and c, each `[B, U]`. */
export type States = readonly tf.Tensor2D[];

/** What one timestep of some cell computes, by the names of its gates and states, each `[B, width]`. */
export type CellStep = Readonly<Record<string, tf.Tensor2D>>;

export type ActivationFunction = (x: tf.Tensor2D) => tf.Tensor2D;

/** σ and φ of the equations. */
export interface StepActivations {
  /** φ, of the candidate and of the cell state on its way out. */
  activation: ActivationFunction;
  /** σ, of the input, forget and output gates. */
  recurrentActivation: ActivationFunction;
}

/** An activation as tfjs has it. */
export interface NamedActivation {
  apply(x: tf.Tensor): tf.Tensor;
  getClassName(): string;
}

/** What the equations take from a cell, of this package or of tfjs. */
export interface EquationsOfCell extends HoldsWeights {
  activation: NamedActivation;
  recurrentActivation: NamedActivation;
}

/** The name of the activation of one of the plain LSTM's gates; null of any other. */
export function activationOfGate(cell: Pick<EquationsOfCell, 'activation' | 'recurrentActivation'>, gate: string) {
  if (gate === 'i' || gate === 'f' || gate === 'o') return cell.recurrentActivation.getClassName();
  return gate === 'g' ? cell.activation.getClassName() : null;
}

/** What one timestep computes: the gates, the new cell state and the new hidden state, each `[B, U]`. */
export type LSTMStep = ByGate<tf.Tensor2D> & {
  c: tf.Tensor2D;
  h: tf.Tensor2D;
};

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
  dropCandidate: DropCandidate = keepCandidate,
): LSTMStep {
  const preActivations = splitByGate(z);
  const i = σ(preActivations.i);
  const f = σ(preActivations.f);
  const g = dropCandidate(φ(preActivations.g));
  const o = σ(preActivations.o);
  const newC = nextCellState({ i, f, g }, c);
  return { i, f, g, o, c: newC, h: nextHiddenState(o, newC, φ) };
}

/** c' = f ⊙ c + i ⊙ g, with the previous cell state c. */
export function nextCellState({ i, f, g }: Pick<LSTMStep, 'i' | 'f' | 'g'>, c: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.mul(f, c), tf.mul(i, g));
}

/** h' = o ⊙ φ(c'). */
export function nextHiddenState(o: tf.Tensor2D, c: tf.Tensor2D, φ: ActivationFunction): tf.Tensor2D {
  return tf.mul(o, φ(c));
}

/**
 * What the input contributes to the pre-activations, x·W + b.
 *
 * @param x `[N, D]`.
 * @param dropoutMasks Dropout masks that broadcast to `x`.
 * @returns `[N, 4U]`.
 */
export function projectInput(cell: HoldsWeights, x: tf.Tensor2D, dropoutMasks: GateDropoutMasks): tf.Tensor2D {
  const projected = weightedSum(x, cell.kernel.read() as tf.Tensor2D, dropoutMasks);
  return cell.bias == null ? projected : tf.add(projected, cell.bias.read());
}

/** One timestep from what the input contributes to the pre-activations, `[B, 4U]`. */
export function stepFromProjectedInput(
  cell: EquationsOfCell,
  projectedInput: tf.Tensor2D,
  states: States,
  recurrentDropoutMasks: GateDropoutMasks,
  dropCandidate?: DropCandidate,
): LSTMStep {
  const [h, c] = states as readonly [tf.Tensor2D, tf.Tensor2D];
  const recurrent = weightedSum(h, cell.recurrentKernel.read() as tf.Tensor2D, recurrentDropoutMasks);
  const activations: StepActivations = {
    activation: (x) => cell.activation.apply(x) as tf.Tensor2D,
    recurrentActivation: (x) => cell.recurrentActivation.apply(x) as tf.Tensor2D,
  };
  return lstmStep(tf.add(projectedInput, recurrent), c, activations, dropCandidate);
}

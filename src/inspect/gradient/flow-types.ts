import type * as tf from '@tensorflow/tfjs';
import type { ByGate } from '../../core/gates.js';
import type { ByWeight } from '../../core/weights.js';
import type { GateTrace } from '../../layers/trace.js';
import type { CallName } from '../trace/numbered-calls.js';
import type { WeightsByGate } from '../weights/weights-by-gate.js';

/**
 * How the gradient of a loss L flows back through one call of an LSTM: backpropagation through time, step by step. All
 * of it is what tfjs's own automatic differentiation computes for the tensors of that call.
 *
 * Index t of a sequence is the input's timestep, also where the layer reads backwards; "later" always means processed
 * later. Every derivative is of the loss as it is: of a loss that is a mean over the batch, a sample's gradients are
 * 1/B of what they were alone.
 *
 * At a masked step the states are carried on unchanged. There `dh` and `dc` are the derivatives with respect to the
 * carried h and c, which differ: the carried h is not computed from the carried c, so that `dc` is `dcCell` there (and
 * the loss's own term); `dz`, `dx` and `outputSlope` are 0.
 *
 * The caller owns the tensors and frees them, the trace included, with `dispose()`.
 */
export interface GradientFlow {
  /** dL/dh_t, [B, T, U]: the total derivative, by the loss's own term at step t and by all later steps. */
  dh: tf.Tensor3D;
  /** dL/dc_t, [B, T, U]: the total derivative, the path through h_t included. */
  dc: tf.Tensor3D;
  /** dL/dz_t of each gate's pre-activation z = x·W + h·U + b, [B, T, U]. */
  dz: ByGate<tf.Tensor3D>;
  /** dL/dx, [B, T, D], by way of this call only. */
  dx: tf.Tensor3D;
  /** dL/dh before the first step, [B, U]. */
  dh0: tf.Tensor2D;
  /** dL/dc before the first step, [B, U]. */
  dc0: tf.Tensor2D;
  /** The part of `dh` that comes from later steps, [B, T, U]: U^T dz of the next step. The rest is the loss's own. */
  dhRecurrent: tf.Tensor3D;
  /** The part of `dc` that comes through the cell of the next step, [B, T, U]: f_{t+1} dc_{t+1}. */
  dcCell: tf.Tensor3D;
  /**
   * How much of a change of c_t shows in h_t, [B, T, U]: o_t φ'(c_t). It takes a derivative of h_t to one of c_t:
   * `outputSlope * dh` is the part of `dc` that comes through h_t, `outputSlope * dhRecurrent` what of it is from later
   * steps.
   */
  outputSlope: tf.Tensor3D;
  /**
   * The gradients of the layer's weights, by gate: kernel, each [D, U], recurrent kernel, each [U, U], bias, each [U],
   * or null. By way of this call only: an optimizer sees the sum over all calls. Frozen weights have theirs too: what
   * they would learn from. Penalties on weights are left out. `dispose()` of the flow disposes them.
   */
  dWeights: WeightsByGate;
  /** The value of the loss, []. */
  loss: tf.Scalar;
  /** Every gate and state of the same call. */
  trace: GateTrace;
  /** The input, [B, T, D]. */
  x: tf.Tensor3D;
  /**
   * Copies of the weights as they were: kernel [D, 4U], recurrent kernel [U, 4U] and, if there is one, bias [4U]; then
   * what a cell with equations of its own has besides.
   */
  weights: tf.Tensor[];
  /** Whether the last timestep was processed first. */
  goBackwards: boolean;
  /**
   * The Jacobian of one step, [B, 2U, 2U]: row r, column s is the derivative of the r-th of (h_t, c_t) with respect to
   * the s-th of (h, c) before the step, with the weights as they were. The identity for samples that are masked there.
   * What `editGates` changed is left out. The caller disposes it.
   *
   * @param t The input's timestep.
   * @throws RangeError for a t that there is not; Error once the flow is disposed.
   */
  stepJacobian(t: number): tf.Tensor3D;
  dispose(): void;
}

/** How a model's loss flows back through one call of one of its LSTMs. */
export interface LayerFlow extends CallName {
  /** The caller disposes it. */
  flow: GradientFlow;
}

export type FlowVerdict = 'vanishing' | 'exploding' | 'healthy';

export interface FlowStatisticsOptions {
  /** The timesteps of which the norm of the step's Jacobian is wanted. Each costs matrix products [B, 2U, 2U]. Default: none. */
  jacobianAt?: readonly number[];
  /**
   * The gradient vanishes where crossing the layer's whole sequence multiplies it by less than this. Within (0, 1).
   * Default: 0.001.
   */
  vanishing?: number;
  /** The gradient explodes where crossing the whole sequence multiplies it by more than this. Above 1. Default: 1000. */
  exploding?: number;
}

/** A number for each timestep, [T], by the input's timestep; null where there is none. */
export type PerTimestep = (number | null)[];

/**
 * A gradient flow in plain numbers: it prints, and JSON gives it back unchanged.
 *
 * A norm of a timestep is the L2 norm over units (of `dx`, over features), and of these the mean over the samples that
 * are not masked there: null at a timestep where all are, and where the mean is not a finite number.
 */
export interface FlowStatistics {
  batch: number;
  timesteps: number;
  units: number;
  goBackwards: boolean;
  /** Samples × timesteps that are not masked. */
  validSteps: number;
  /** The value of the loss; null where it is not finite. */
  loss: number | null;

  /** [T], norms of the total derivative with respect to the hidden state. */
  dh: PerTimestep;
  /** [T], norms of the total derivative with respect to the cell state. */
  dc: PerTimestep;
  /** [T] each, norms of the derivatives with respect to the gates' pre-activations. */
  dz: ByGate<PerTimestep>;
  /** [T], norms of the derivative with respect to the input. */
  dx: PerTimestep;
  /** [T], norms of the part of dh that comes from later steps. */
  dhRecurrent: PerTimestep;
  /** [T], norms of the part of dc that comes through the next step's cell. */
  dcCell: PerTimestep;
  /** Norms of the derivatives with respect to the states before the first step, over all samples with a valid step. */
  dh0: number | null;
  dc0: number | null;

  /**
   * [T], within [0, 1]: of what reaches c_t from later steps, the share that comes through the next step's cell, against
   * what comes through h_t: ‖dcCell‖ / (‖dcCell‖ + ‖outputSlope · dhRecurrent‖). Null where nothing comes.
   */
  shareThroughCell: PerTimestep;
  /** [T], 1 - `shareThroughCell`. */
  shareThroughH: PerTimestep;
  /**
   * [T], norms of the part of dc that has come all the way through cells only, multiplied by nothing but forget gates:
   * what would be left of dc if h were cut off from the recurrence. Kanuparthi et al. 2018, arXiv 1810.03023, name it the
   * linear path.
   */
  linearPath: PerTimestep;
  /** [T], within [0, 1]: ‖linear path‖ / (‖linear path‖ + ‖dc - linear path‖). Null where dc is 0. */
  shareOfLinearPath: PerTimestep;

  /**
   * [U], the constant error carousel: the product of a unit's forget gates over all valid timesteps, which is what the
   * linear path makes of a gradient over the whole sequence. Mean over samples; 0 where it is smaller than float32 can
   * hold, null where not finite.
   */
  carousel: (number | null)[];
  /** [U], fraction of valid steps at which the unit's forget gate is below 0.1; null for no valid step. */
  forgetGateClosed: (number | null)[];

  /**
   * [T], norms of the loss's own term in the derivatives with respect to h and c at step t, not by way of later steps:
   * the mean over the samples that have one. Null where none has.
   */
  lossTerms: PerTimestep;

  /**
   * [T], by how much the gradient of each sample's last loss term grows where it crosses step t backwards: the norm of the
   * derivatives with respect to h and c before the step, of the samples that are valid at it, by that after it. At most
   * the norm of the step's Jacobian. Earlier loss terms do not enter, so that a loss at every step does not hide what
   * happens to the gradient of a late one. Null where no gradient reaches the step, and where it is smaller than float32
   * can hold.
   *
   * Of a loss with terms at several steps, the last is followed in as many samples as take 3e8 products. Where a step of
   * the cell is not that of a plain LSTM, the gains are those of the total gradient instead.
   */
  gain: PerTimestep;
  /**
   * [T], what is left of the last loss term's gradient where it has come back to the states after step t: 1 at the last
   * step that the loss looks at, and from step to step the product of `gain`. What `slope`, `fit`, `verdict` and
   * `sentence` are about. Null as `gain` is.
   */
  retained: PerTimestep;
  /**
   * Natural logarithm of what a step multiplies the gradient by: the slope of a line fitted by least squares to the
   * logarithm of the product of gains. Null where there is no gradient to fit.
   */
  slope: number | null;
  /** What the slope was fitted on. Null with the slope. */
  fit: FlowFit | null;
  /** Norms of step Jacobians, for the timesteps asked for. */
  jacobian: JacobianNorm[];

  /** Frobenius norms of the gradients of the weights, by gate; null where not finite. */
  dWeights: WeightGradientNorms;
  /**
   * [T], norms of what step t adds to the gradient of all of the layer's weights, by all loss terms: of one sample,
   * ‖dz_t‖ · ‖(x_t, h_{t-1}, 1)‖. It tells which part of the sequence the weights learn from.
   */
  toWeights: PerTimestep;
  /** Values of the gradients that are NaN or infinite, at valid steps; and the first of them in the order of computation. */
  nonFinite: NonFiniteGradients;

  /** Null where the loss does not reach the layer, every step is masked, or gradients are not finite. */
  verdict: FlowVerdict | null;
  /** What it all means, for a person: 'gradient halves every 3.1 steps; unit 17's forget gate is closed 94% of the time'. */
  sentence: string;
}

/** A straight line through the logarithm of `retained`, by the number of steps that the gradient has crossed. */
export interface FlowFit {
  /** The first and the last step processed that were crossed, by the input's timestep. */
  first: number;
  last: number;
  /** How many steps were crossed: those in between that every sample passes over are not. */
  steps: number;
  /** Fraction of the logarithm's variance that the line explains, within [0, 1]; null for less than two steps. */
  rSquared: number | null;
  /**
   * By what the gradient is multiplied over all of them: the product of the gains. 0 if it is exactly 0 further back. With
   * `belowFloat32` an upper bound.
   */
  attenuation: number;
  /** Whether there is more of the way, on which the gradient is smaller than float32 can hold (1.2e-38). */
  belowFloat32: boolean;
  /** Steps over which the gradient halves (vanishing) or doubles (exploding): ln 2 / |slope|; null for a slope of 0. */
  halfLife: number | null;
}

/** The largest singular value of a step's Jacobian of (h, c) by (h, c): Pascanu, Mikolov and Bengio 2013, arXiv 1211.5063. */
export interface JacobianNorm {
  timestep: number;
  /** Over the samples that are valid there; null for none, or where not finite. */
  mean: number | null;
  max: number | null;
}

/** By gate; without bias that of the bias is null. */
export type WeightGradientNorms = ByWeight<ByGate<number | null>>;

export interface NonFiniteGradients {
  /** Over all samples, units and valid steps of dh, dc and dz. */
  count: number;
  /** Where gradients, which are computed from the last step processed on, are first not finite; null if nowhere. */
  firstTimestep: number | null;
}

import type * as tf from '@tensorflow/tfjs';
import type { ByGate } from '../../core/gates.js';
import type { SequencesByName } from '../../core/scan.js';
import type { ByWeight } from '../../core/weights.js';
import type { GateTrace } from '../../layers/trace.js';
import type { CallName } from '../trace/numbered-calls.js';
import type { WeightsByGate } from '../weights/weights-by-gate.js';

/**
 * How the gradient of a loss L flows back through one call of an LSTM: backpropagation through time, step by step. All
 * values are those that tfjs's own automatic differentiation computes for the tensors of that call.
 *
 * Index t of a sequence is the input's timestep, even if the layer reads backwards; "later" always means processed later.
 * Every derivative is of the loss as it is: if the loss is a mean over the batch, the gradients of a sample are 1/B of
 * what they would be for the sample alone.
 *
 * At a masked step the states keep their values. There, `dh` and `dc` are the derivatives with respect to the h and c that
 * are passed on, and they differ from those at other steps: this h is not computed from this c, so `dc` is `dcCell` (plus
 * the loss's own term), and `dz`, `dx` and `outputSlope` are 0.
 *
 * The caller owns the tensors, including the trace, and frees them with `dispose()`.
 *
 * The cell of a variant may have other gates and states: `dStates`, `dStatesLater` and `dInitialStates` have all of its
 * states by name, `dz` what its kernel has blocks of, and what is named after h, c, i, f, g and o is there if the cell has
 * it.
 */
export interface GradientFlow {
  /** dL by each state after step t, by name, each [B, T, width]: total derivatives, paths through h and each other included. */
  dStates: SequencesByName;
  /** The part of each that comes from later steps, by name. */
  dStatesLater: SequencesByName;
  /** dL by each state before the first step, by name, each [B, width]. */
  dInitialStates: Readonly<Record<string, tf.Tensor2D>>;
  /** dL/dh_t, [B, T, U]: the total derivative, through the loss's own term at step t and through all later steps. */
  dh: tf.Tensor3D;
  /** dL/dc_t, [B, T, U]: the total derivative, including the path through h_t. */
  dc: tf.Tensor3D;
  /** dL/dz_t for each gate's pre-activation z = x·W + h·U + b, [B, T, U]. */
  dz: ByGate<tf.Tensor3D>;
  /** dL/dx, [B, T, D], through this call only. */
  dx: tf.Tensor3D;
  /** dL/dh before the first step, [B, U]. */
  dh0: tf.Tensor2D;
  /** dL/dc before the first step, [B, U]. */
  dc0: tf.Tensor2D;
  /** The part of `dh` that comes from later steps, [B, T, U]: U^T dz of the next step. The rest is the loss's own term. */
  dhRecurrent: tf.Tensor3D;
  /** The part of `dc` that comes through the cell state of the next step, [B, T, U]: f_{t+1} dc_{t+1}. */
  dcCell: tf.Tensor3D;
  /**
   * How much a change of c_t changes h_t, [B, T, U]: o_t φ'(c_t). It turns a derivative with respect to h_t into one with
   * respect to c_t: `outputSlope * dh` is the part of `dc` that comes through h_t, and `outputSlope * dhRecurrent` the part
   * of that which is from later steps.
   */
  outputSlope: tf.Tensor3D;
  /**
   * The gradients of the layer's weights, by gate: kernel, each [D, U]; recurrent kernel, each [U, U]; bias, each [U], or
   * null. They are those through this call only; an optimizer sees the sum over all calls. Frozen weights have gradients
   * too. Penalties on weights are left out. Disposed with the flow.
   */
  dWeights: WeightsByGate;
  /** The value of the loss, []. */
  loss: tf.Scalar;
  /** Every gate and state of this call. */
  trace: GateTrace;
  /** The input, [B, T, D]. */
  x: tf.Tensor3D;
  /**
   * Copies of the weights at the time of the call: kernel [D, 4U], recurrent kernel [U, 4U] and, if there is one, bias [4U];
   * then any further weights of a cell with equations of its own.
   */
  weights: tf.Tensor[];
  /** Whether the last timestep was processed first. */
  goBackwards: boolean;
  /**
   * The Jacobian of one step, [B, 2U, 2U]: row r, column s is the derivative of element r of (h_t, c_t), or of all states of
   * a variant's cell in its order, with respect to element s of the same before the step, with the weights at the time of the call. For samples that are masked at t, it is
   * the identity. It does not include changes made by `editGates`. The caller disposes it.
   *
   * @param t The timestep, in the order of the input.
   * @throws RangeError for a t out of range; Error once the flow is disposed.
   */
  stepJacobian(t: number): tf.Tensor3D;
  dispose(): void;
}

/** How a model's loss flows back through one call of one of its LSTMs. */
export interface LayerFlow extends CallName {
  /** The caller disposes it. */
  flow: GradientFlow;
}

/** Whether crossing the sequence makes the gradient vanish, explode, or neither. */
export type FlowVerdict = 'vanishing' | 'exploding' | 'healthy';

/** The options of `flowStatistics`. */
export interface FlowStatisticsOptions {
  /** Timesteps at which to compute the norm of the step's Jacobian; each takes products of [B, 2U, 2U]. Default: none. */
  jacobianAt?: readonly number[];
  /**
   * The gradient vanishes if crossing the layer's whole sequence multiplies it by less than this. Within (0, 1).
   * Default: 0.001.
   */
  vanishing?: number;
  /** The gradient explodes if crossing the whole sequence multiplies it by more than this. Above 1. Default: 1000. */
  exploding?: number;
}

/** A number for each timestep, [T], in the order of the input; null where there is none. */
export type PerTimestep = (number | null)[];

/**
 * A gradient flow in plain numbers, which JSON returns unchanged.
 *
 * The norm at a timestep is the L2 norm over units (for `dx`, over features), averaged over the samples that are not masked
 * there. It is null if all samples are masked, and if the mean is not finite.
 */
export interface FlowStatistics {
  batch: number;
  timesteps: number;
  units: number;
  goBackwards: boolean;
  /** Samples × timesteps that are not masked. */
  validSteps: number;
  /** The value of the loss; null if it is not finite. */
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
  /** [T], norms of the part of dc that comes through the next step's cell state. */
  dcCell: PerTimestep;
  /** Norms of the derivatives with respect to the states before the first step, over all samples with a valid step. */
  dh0: number | null;
  dc0: number | null;

  /**
   * [T], within [0, 1]: the share of what reaches c_t from later steps that comes through the next step's cell state rather
   * than through h_t: ‖dcCell‖ / (‖dcCell‖ + ‖outputSlope · dhRecurrent‖). Null if nothing comes.
   */
  shareThroughCell: PerTimestep;
  /** [T], 1 - `shareThroughCell`. */
  shareThroughH: PerTimestep;
  /**
   * [T], norms of the part of dc that has come all the way through cell states, multiplied by nothing but forget gates: what
   * would be left of dc if h were cut off from the recurrence. Kanuparthi et al. 2018, arXiv 1810.03023, call it the linear
   * path.
   */
  linearPath: PerTimestep;
  /** [T], within [0, 1]: ‖linear path‖ / (‖linear path‖ + ‖dc - linear path‖). Null if dc is 0. */
  shareOfLinearPath: PerTimestep;

  /**
   * [U], the constant error carousel: the product of a unit's forget gates over all valid timesteps, by which the linear path
   * multiplies a gradient over the whole sequence. Mean over samples; 0 if it is smaller than float32 can hold, null if not
   * finite.
   */
  carousel: (number | null)[];
  /** [U], fraction of valid steps at which the unit's forget gate is below 0.1; null without a valid step. */
  forgetGateClosed: (number | null)[];

  /**
   * [T], norms of the loss's own term at step t, not through later steps, in the derivatives with respect to h and c: mean
   * over the samples that have one. Null if none has.
   */
  lossTerms: PerTimestep;

  /**
   * [T], the factor by which the gradient of each sample's last loss term grows when it crosses step t backwards: the norm of
   * the derivatives with respect to h and c before the step, of the samples for which it is valid, divided by that after it.
   * At most the norm of the step's Jacobian. Earlier loss terms are left out, so that a loss at every step does not hide what
   * happens to the gradient of a late one. Null if no gradient reaches the step, and if it is smaller than float32 can hold.
   *
   * If a loss has terms at several steps, the last one is followed in as many samples as take 3e8 multiplications. If the
   * cell's step is not that of a plain LSTM, the gains are those of the total gradient instead.
   */
  gain: PerTimestep;
  /**
   * [T], the fraction of the last loss term's gradient that is left when it has come back to the states after step t: 1 at
   * the last step that the loss depends on, and from there the running product of `gain`. `slope`, `fit`, `verdict` and
   * `sentence` describe this. Null wherever `gain` is.
   */
  retained: PerTimestep;
  /**
   * Natural logarithm of the factor by which a step multiplies the gradient: the slope of a line fitted by least squares to
   * the logarithm of the product of gains. Null if there is no gradient to fit.
   */
  slope: number | null;
  /** The range and quality of that fit. Null if the slope is. */
  fit: FlowFit | null;
  /** Norms of step Jacobians, for the timesteps in `jacobianAt`. */
  jacobian: JacobianNorm[];

  /** Frobenius norms of the gradients of the weights, by gate; null if not finite. */
  dWeights: WeightGradientNorms;
  /**
   * [T], norms of what step t adds, through all loss terms, to the gradient of all of the layer's weights: for one sample,
   * ‖dz_t‖ · ‖(x_t, h_{t-1}, 1)‖. It shows from which part of the sequence the weights learn.
   */
  toWeights: PerTimestep;
  /** How many values of the gradients are NaN or infinite at valid steps, and where they start. */
  nonFinite: NonFiniteGradients;

  /** Null if the loss does not reach the layer, every step is masked, or gradients are not finite. */
  verdict: FlowVerdict | null;
  /** A summary: 'gradient halves every 3.1 steps; unit 17's forget gate is closed 94% of the time'. */
  sentence: string;
}

/** A straight line through the logarithm of `retained`, as a function of the number of steps crossed. */
export interface FlowFit {
  /** The first and the last timestep that the gradient crosses, in the order of the input. */
  first: number;
  last: number;
  /** How many steps it crosses: those in between that are masked in every sample do not count. */
  steps: number;
  /** Fraction of the logarithm's variance that the line explains, within [0, 1]; null for fewer than two steps. */
  rSquared: number | null;
  /**
   * The factor by which the gradient is multiplied over all of them: the product of the gains. 0 if it is exactly 0 further
   * back. If `belowFloat32` is true, an upper bound.
   */
  attenuation: number;
  /** Whether the fit ends early because the gradient gets smaller than float32 can hold (1.2e-38). */
  belowFloat32: boolean;
  /** Steps over which the gradient halves (vanishing) or doubles (exploding): ln 2 / |slope|; null for a slope of 0. */
  halfLife: number | null;
}

/** The largest singular value of a step's Jacobian of (h, c) by (h, c): Pascanu, Mikolov and Bengio 2013, arXiv 1211.5063. */
export interface JacobianNorm {
  timestep: number;
  /** Over the samples that are valid there; null if there is none, or if not finite. */
  mean: number | null;
  max: number | null;
}

/** Norms by gate; without bias, `bias` is null. */
export type WeightGradientNorms = ByWeight<ByGate<number | null>>;

/** Gradients that are NaN or infinite. */
export interface NonFiniteGradients {
  /** The number of values over all samples, units and valid steps of dh, dc and dz. */
  count: number;
  /** The timestep at which, going back from the last step processed, they first occur; null if nowhere. */
  firstTimestep: number | null;
}

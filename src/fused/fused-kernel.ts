import type * as tf from '@tensorflow/tfjs';
import type { ByGate } from '../core/quantities.js';
import type { GateSequences } from '../core/scan.js';
import type { GateDropoutMasks } from '../core/weighted-sum.js';

/** What a cell's steps may have beyond the six equations. */
export type StepAddition = 'peepholes' | 'coupled gates' | 'clipping' | 'a projection';

/**
 * The same, with its weights. Pre-activations z are bounded after the peepholes were added, c before o sees it:
 *
 *     z_i += p_i ⊙ c,  z_f += p_f ⊙ c,  z_o += p_o ⊙ c'        peepholes
 *     f = 1 - i                                              coupled
 *     h' = clip((o ⊙ φ(c'))·P)                               projection
 */
export interface StepAdditions {
  /** [3U], in blocks i, f, o. */
  peepholes: tf.Tensor1D | null;
  /** [U, P]: h has the width P. */
  projection: tf.Tensor2D | null;
  /** The kernels' blocks of f are not read, and get no gradient. */
  isCoupled: boolean;
  /** Bounds of the pre-activations, of c and of the projection; null for none. */
  gateClip: number | null;
  cellClip: number | null;
  projectionClip: number | null;
}

/**
 * What a fused kernel runs over: checked, and float32 except for the mask.
 *
 * U is the width of h as well, unless that is a projection: then h, and whatever else has its width, has P in place of U.
 */
export interface FusedInputs {
  /** [B, T, D], of which no dimension is 0. */
  x: tf.Tensor3D;
  /** The states before the first step, [B, U]; null for zeros, but never where gradients may be asked for. */
  h0: tf.Tensor2D | null;
  c0: tf.Tensor2D | null;
  /** [D, 4U], [U, 4U] and [4U], in blocks i, f, g, o. */
  kernel: tf.Tensor2D;
  recurrentKernel: tf.Tensor2D;
  bias: tf.Tensor1D | null;
  /** [B, T], bool, by the input's timestep. */
  mask: tf.Tensor2D | null;
  /** Dropout masks [B, D] of x and [B, U] of h: none, one for all gates, or four. */
  inputDropoutMasks: GateDropoutMasks;
  recurrentDropoutMasks: GateDropoutMasks;
  /** Only for a fused kernel that did not refuse them. */
  additions?: StepAdditions | undefined;
}

export interface FusedOptions {
  /** tfjs's names of φ and σ. */
  activation: string;
  recurrentActivation: string;
  /** Reads the last timestep first. */
  goBackwards: boolean;
  /** Outputs 0, instead of the previous hidden state, at masked steps. */
  zeroOutputForMask: boolean;
  /** Returns the output of every step. */
  keepOutputs: boolean;
  /** Returns the gates and the cell state of every step. */
  keepGates: boolean;
}

/** Inputs of which gradients may be asked for. */
export interface RecordedInputs extends FusedInputs {
  h0: tf.Tensor2D;
  c0: tf.Tensor2D;
}

/** What a fused kernel is asked for, before there is data: by this it says whether it applies. */
export interface FusedProblem {
  batch: number;
  timesteps: number;
  features: number;
  units: number;
  /** tfjs's names of φ and σ. */
  activation: string;
  recurrentActivation: string;
  isMasked: boolean;
  /** Whether h has dropout. Dropout of x alone uses one dropout mask for all gates. */
  hasRecurrentDropout: boolean;
  /** Whether the gates are wanted. */
  keepsGates: boolean;
  /** Whether gradients may be asked for. */
  takesGradients: boolean;
  /** What the steps have beyond the six equations. Default: nothing. */
  additions?: readonly StepAddition[] | undefined;
}

/** What a fused kernel computes; see `ScanResult` of `core/scan.ts`. */
export interface FusedResult {
  /** [B, U] */
  lastOutput: tf.Tensor2D;
  /** The states after the last step processed, each [B, U]. */
  h: tf.Tensor2D;
  c: tf.Tensor2D;
  /** [B, T, U] in processing order; null unless kept. */
  outputs: tf.Tensor3D | null;
  gates: GateSequences | null;
}

/** What the forward pass returned, and what the backward pass wants of it. */
export interface ForwardPass {
  result: FusedResult;
  /** None unless gradients may be asked for. */
  saved: tf.Tensor[];
}

/** Gradients with respect to what a `FusedResult` holds; null where it is not there. */
export interface ResultGradients {
  lastOutput: tf.Tensor2D;
  h: tf.Tensor2D;
  c: tf.Tensor2D;
  outputs: tf.Tensor3D | null;
  gates: GateSequences | null;
}

/** Gradients with respect to what is differentiable of a `FusedInputs`, each computed when it is asked for. */
export type InputGradients = Record<'x' | 'h0' | 'c0' | 'kernel' | 'recurrentKernel' | 'bias', () => tf.Tensor> &
  Partial<Record<'peepholes' | 'projection', () => tf.Tensor>>;

/** All gradients, with what the backward pass comes by on its way: sequences in the input's order, [B, T, U] unless said otherwise. */
export interface StepGradients {
  /** [B, T, D] */
  x: tf.Tensor3D;
  /** With respect to the states before the first step, [B, U]. */
  h0: tf.Tensor2D;
  c0: tf.Tensor2D;
  /** With respect to the weights, [D, U], [U, U] and [U] each. */
  kernel: ByGate<tf.Tensor2D>;
  recurrentKernel: ByGate<tf.Tensor2D>;
  bias: ByGate<tf.Tensor1D> | null;
  /** With respect to the pre-activations; 0 at masked steps. */
  dZ: ByGate<tf.Tensor3D>;
  /** With respect to h and c after each step, the path from c through h included. */
  dH: tf.Tensor3D;
  dC: tf.Tensor3D;
  /** What of them comes from later steps: 0 after the last. */
  laterDH: tf.Tensor3D;
  laterDC: tf.Tensor3D;
  /** The derivative of h with respect to c, the gates held: 0 at masked steps. */
  outputSlope: tf.Tensor3D;
}

/** The whole scan, and its backpropagation through time, as one operation. `core/scan.ts` says what it has to compute. */
export interface FusedKernel {
  readonly name: string;
  /** Why the fused kernel does not apply; null if it does. Asked on the backend that is to run it. */
  refusal(problem: FusedProblem): string | null;
  /** Finishes what `refusal` has to wait for, on the current backend. */
  prepare?(): Promise<void>;
  /** @param forBackward Whether `backward` may follow. */
  forward(inputs: FusedInputs, options: FusedOptions, forBackward: boolean): ForwardPass;
  /** @param saved What `forward` saved. */
  backward(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): InputGradients;
  /** The same as `backward`, step by step, of inputs without additions; missing where a fused kernel cannot tell. */
  backwardBySteps?(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): StepGradients;
  /**
   * The gradients of x, [R, T, D], by R gradients of h after the last step, [R, U]: R is a multiple of B, and row n of the
   * sample n modulo B. Of inputs without additions and dropout; missing where each row has to be run forward by itself.
   */
  backwardFromLast?(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    dH: tf.Tensor2D,
  ): tf.Tensor3D;
}

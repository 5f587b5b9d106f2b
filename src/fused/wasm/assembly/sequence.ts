import { Activation } from './activation-rows';

/**
 * One run of an LSTM over a sequence: sizes, options and the addresses of its arrays. JavaScript writes it, field by
 * field, 4 bytes each, by their places, which `scripts/generate/wasm-binaries.mjs` takes from here. An address of 0 means that an array is absent.
 *
 * Arrays are row-major float32. B, T, D, U are batch, timesteps, features and units; n counts timesteps in the order of
 * processing.
 */
@unmanaged
export class Sequence {
  batch: i32;
  timesteps: i32;
  features: i32;
  units: i32;

  /** φ and σ, as `Activation` has them. */
  activation: i32;
  recurrentActivation: i32;
  goBackwards: i32;
  zeroOutputForMask: i32;
  /** Dropout masks of the input and of the hidden state: none, one for all gates, or four. */
  inputDropoutMaskCount: i32;
  recurrentDropoutMaskCount: i32;

  /** Whether a step has anything beyond the six equations: any of these, or peepholes. */
  hasAdditions: i32;
  /** f = 1 - i, and the blocks of f are not read. */
  isCoupled: i32;
  /** P, the width of h where it is a projection of what the units put out; else 0, and h has U. */
  projectionUnits: i32;
  /** Bounds of the pre-activations, of the cell state and of the projection; infinite for none. */
  gateClip: f32;
  cellClip: f32;
  projectionClip: f32;

  /** [B, T, D] */
  x: usize;
  /** [B, P or U] and [B, U]; absent for zeros, but not in the backward pass. */
  h0: usize;
  c0: usize;
  /** [D, 4U], [P or U, 4U], [4U], in blocks i, f, g, o. */
  kernel: usize;
  recurrentKernel: usize;
  bias: usize;
  /** Where panels of both are kept from one run to the next; absent where they are not. */
  kernelPanels: usize;
  recurrentPanels: usize;
  /** Whether the panels are there, so that the kernel itself is not read; else they are written. */
  isKernelPacked: i32;
  isRecurrentKernelPacked: i32;
  /** [3U], in blocks i, f, o. */
  peepholes: usize;
  /** [U, P] */
  projection: usize;
  /** [B, T], one byte each; by the input's timestep. */
  mask: usize;
  /** [B, D] each. */
  inputDropoutMaskI: usize;
  inputDropoutMaskF: usize;
  inputDropoutMaskG: usize;
  inputDropoutMaskO: usize;
  /** [B, P or U] each. */
  recurrentDropoutMaskI: usize;
  recurrentDropoutMaskF: usize;
  recurrentDropoutMaskG: usize;
  recurrentDropoutMaskO: usize;

  /** After the last step, [B, P or U], and of c [B, U]. */
  lastOutput: usize;
  h: usize;
  c: usize;
  /** [B, n, U]; of outputs and hiddens [B, n, P or U]. */
  outputs: usize;
  i: usize;
  f: usize;
  g: usize;
  o: usize;
  cells: usize;
  hiddens: usize;
  /**
   * What the backward pass wants of the gates, [B, n, 4U]: their values, of a hard sigmoid those before clipping; or the
   * pre-activations, where a step is computed by rows.
   */
  savedGates: usize;
  /** How many samples the mask, c0, savedGates and cells have, where each goes back several times: row by row, in turns; else 0. */
  savedBatch: i32;

  /** Gradients with respect to what the forward pass returned. */
  dLastOutput: usize;
  dH: usize;
  dC: usize;
  dOutputs: usize;
  dI: usize;
  dF: usize;
  dG: usize;
  dO: usize;
  dCells: usize;

  /** With respect to the pre-activations, [B, T, 4U], by the input's timestep; 0 at masked steps. */
  dZ: usize;
  dH0: usize;
  dC0: usize;
  /**
   * [B, T, U], by the input's timestep; absent if not wanted: what of the gradients of h and c after each step comes from later
   * steps, these gradients themselves, and the derivative of h with respect to c, which is 0 at masked steps.
   */
  laterDH: usize;
  laterDC: usize;
  totalDH: usize;
  totalDC: usize;
  outputSlope: usize;
  dKernel: usize;
  dRecurrentKernel: usize;
  dBias: usize;
  dPeepholes: usize;
  /** With respect to the projection before it is bounded, [B, n, P]; 0 at masked steps. */
  dProjected: usize;
  dProjection: usize;
  dX: usize;

  /** Which part of the units or columns is computed here, where `shares` threads compute one each; 0 of 0 for all of them. */
  share: i32;
  shares: i32;
  /** Working memory, as much as `scratchBytes` asked for; each thread has its own. */
  scratch: usize;
}

/** The input's timestep that is processed as number n. */
@inline
export function timestepOf(s: Sequence, n: i32): i32 {
  return s.goBackwards ? s.timesteps - 1 - n : n;
}

/** The sample that the forward pass ran which a sample of the backward pass is. */
@inline
export function savedSample(s: Sequence, sample: i32): i32 {
  return s.savedBatch === 0 ? sample : sample % s.savedBatch;
}

/** Whether timestep n of the order of processing is passed over. */
@inline
export function maskedOut(s: Sequence, sample: i32, n: i32): bool {
  return s.mask !== 0 && load<u8>(s.mask + usize(sample * s.timesteps + timestepOf(s, n))) === 0;
}

@inline
export function isHard(s: Sequence): bool {
  return s.recurrentActivation === Activation.hardSigmoid;
}

/** Whether a step is computed by `row.ts`, which knows all activations and additions, and not by the faster code for the usual ones. */
@inline
export function isByRows(s: Sequence): bool {
  return s.activation !== Activation.tanh || s.recurrentActivation > Activation.hardSigmoid || hasAdditions(s);
}

/** Whether a step has anything beyond the six equations. Never in the module that is compiled without. */
@inline
export function hasAdditions(s: Sequence): bool {
  return WITH_ADDITIONS !== 0 && s.hasAdditions !== 0;
}

@inline
export function hasPeepholes(s: Sequence): bool {
  return WITH_ADDITIONS !== 0 && s.peepholes !== 0;
}

@inline
export function isCoupled(s: Sequence): bool {
  return WITH_ADDITIONS !== 0 && s.isCoupled !== 0;
}

/** Whether h is a projection of what the units put out. Likewise. */
@inline
export function isProjected(s: Sequence): bool {
  return WITH_ADDITIONS !== 0 && s.projectionUnits !== 0;
}

/** The width of h. */
@inline
export function hiddenUnits(s: Sequence): i32 {
  return isProjected(s) ? s.projectionUnits : s.units;
}

/** Bytes of a state: of c [B, U], of h [B, P or U]. */
@inline
export function stateBytes(s: Sequence, units: i32): usize {
  return usize(s.batch) * usize(units) * sizeof<f32>();
}

/** Where the addresses of the dropout masks are. */
@inline
export function inputDropoutMasks(s: Sequence): usize {
  return changetype<usize>(s) + offsetof<Sequence>('inputDropoutMaskI');
}

@inline
export function recurrentDropoutMasks(s: Sequence): usize {
  return changetype<usize>(s) + offsetof<Sequence>('recurrentDropoutMaskI');
}

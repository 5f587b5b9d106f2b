import * as tf from '@tensorflow/tfjs';
import { booleanMask, reversedMask } from '../core/mask.js';
import { GATE_NAMES, gateSequencesOf } from '../core/quantities.js';
import {
  GATE_SEQUENCE_NAMES,
  type GateSequences,
  type ScanOptions,
  type ScanResult,
  type SequencesByName,
  type StepFunction,
  scan,
} from '../core/scan.js';
import { tidy } from '../core/tidy.js';
import { evenSizes, splitTime, unstackSteps } from '../core/unstack-steps.js';
import { type GateDropoutMasks, NO_DROPOUT } from '../core/weighted-sum.js';
import { type Choice, chooseImplementation, type UseFused } from '../fused/choose.js';
import type { FusedInputs, FusedKernel, FusedOptions, FusedProblem, FusedResult } from '../fused/fused-kernel.js';
import { type RecordedRun, runFused, runFusedShowingAll, unitsOf, wantedOf } from '../fused/run-fused.js';
import { gradientDepth } from '../host/gradient-tape.js';
import { observersOf } from './observe.js';
import { hasPreActivations, type Sequence, type SequenceCell, statesBefore } from './sequence.js';
import { hasZoneout, stepCellFrom } from './step-cell.js';

/** What a sequence is run for, as far as that matters for the choice of what it runs on. */
export interface Wanted {
  /** The public function or method that was called. */
  where: string;
  /** The layer's name. */
  layer: string;
  useFused: UseFused;
  isTraining: boolean;
  /** Whether the gates are wanted. */
  keepsGates: boolean;
  /** Whether the fused kernel is to tell what its backward pass comes by. Default: no. */
  goesBackBySteps?: boolean;
}

/** What of a sequence the choice depends on, which may be known before there is data. */
export interface SequenceToChooseFor {
  /** [B, T, D]. */
  x: { shape: [number, number, number] };
  /** Null without one. */
  mask: object | null;
}

/**
 * Chooses what a cell is to run a sequence on.
 *
 * @throws RangeError when a fused kernel is demanded and none applies.
 */
export function chooseForSequence(
  cell: SequenceCell,
  { x, mask }: SequenceToChooseFor,
  { where, layer, useFused, isTraining, keepsGates, goesBackBySteps }: Wanted,
): Choice {
  const observers = observersOf(cell);
  const refusal = observers.some(({ editStep }) => editStep !== undefined)
    ? 'gates are being edited'
    : cell.ownEquations !== 'none' && cell.fusedEquations == null
      ? `the cell of class ${cell.getClassName()} computes its steps itself`
      : hasZoneout(cell)
        ? 'zoneout is applied'
        : isTraining && cell.candidateDropout > 0
          ? 'the candidate is dropped out, step by step'
          : null;
  if (refusal !== null) return chooseImplementation(where, layer, useFused, refusal);
  const problem: FusedProblem = {
    batch: x.shape[0],
    timesteps: x.shape[1],
    features: x.shape[2],
    units: cell.units,
    activation: cell.activation.getClassName(),
    recurrentActivation: cell.recurrentActivation.getClassName(),
    isMasked: mask !== null,
    hasRecurrentDropout: isTraining && cell.recurrentDropout > 0,
    keepsGates: keepsGates || observers.some((observer) => observer.keepsGates),
    takesGradients: gradientDepth() !== 0 || goesBackBySteps === true,
    additions: cell.fusedEquations?.additions,
  };
  return chooseImplementation(where, layer, useFused, problem, goesBackBySteps);
}

/**
 * Runs a cell over a sequence. To be called within a tidy, which disposes what inputs were cast to: one more tidy in here
 * takes as long as a small step.
 *
 * @param fusedKernel What `chooseForSequence` chose; null for plain tfjs ops.
 */
export function runSequence(
  fusedKernel: FusedKernel | null,
  cell: SequenceCell,
  sequence: Sequence,
  options: ScanOptions,
): ScanResult {
  const observers = observersOf(cell);
  const showsAll = observers.some((observer) => observer.keepsGates);
  if (!showsAll && !observers.some(({ afterSequence }) => afterSequence)) {
    return runUnobserved(fusedKernel, cell, sequence, options);
  }
  return tidy(() => {
    const { result, all, recorded } = showsAll
      ? runShowingAll(fusedKernel, cell, sequence, options)
      : sameTwice(runUnobserved(fusedKernel, cell, sequence, options));
    for (const observer of observers) observer.afterSequence?.(sequence, all, recorded);
    return result;
  });
}

interface ShownSequence {
  result: ScanResult;
  all: ScanResult;
  recorded: RecordedRun | null;
}

function sameTwice(all: ScanResult): ShownSequence {
  return { result: all, all, recorded: null };
}

/** Runs a cell over a sequence, and shows all of it beside what is wanted. */
function runShowingAll(
  fusedKernel: FusedKernel | null,
  cell: SequenceCell,
  sequence: Sequence,
  options: ScanOptions,
): ShownSequence {
  const { mask } = sequence;
  const isZeroed = options.zeroOutputForMask && mask !== null;
  // So that the hidden states at masked steps are there.
  const carrying = { ...options, zeroOutputForMask: false };
  const isOneOperation = fusedKernel !== null && options.keptUnits === undefined && sequence.x.shape[0] > 0;
  if (isOneOperation) {
    const shown = runFusedShowingAll(fusedKernel, fusedInputs(cell, sequence), fusedOptions(cell, carrying));
    const result = byStates(shown.result, cell);
    const all = byStates(shown.all, cell);
    const { recorded } = shown;
    return { result: isZeroed ? zeroedAtMaskedSteps(result, mask, options) : result, all, recorded };
  }
  const all = runUnobserved(fusedKernel, cell, sequence, { ...carrying, keepOutputs: true, keepGates: true });
  const result = wantedOf(all, options);
  return { result: isZeroed ? zeroedAtMaskedSteps(result, mask, options) : result, all, recorded: null };
}

function byStates({ lastOutput, h, c, outputs, gates }: FusedResult, cell: SequenceCell): ScanResult {
  return { lastOutput, states: [h, c], outputs, gates: gates && gatesOf(cell, gates) };
}

/** Those that the cell has: the f of a coupled one is no gate of its own. */
function gatesOf(cell: SequenceCell, gates: SequencesByName): SequencesByName {
  if (cell.gateNames === GATE_NAMES) return gates;
  const own: Record<string, tf.Tensor3D> = {};
  for (const name of gateSequencesOf(cell)) own[name] = gates[name] as tf.Tensor3D;
  return own;
}

/** Outputs are in processing order, the mask is in the input's. */
function zeroedAtMaskedSteps(
  { lastOutput, outputs, ...rest }: ScanResult,
  mask: tf.Tensor2D,
  { goBackwards }: Pick<ScanOptions, 'goBackwards'>,
): ScanResult {
  const timesteps = mask.shape[1];
  const processed = goBackwards ? reversedMask(booleanMask(mask)) : booleanMask(mask);
  const valid = tf.expandDims(processed, 2);
  const orZero = <T extends tf.Tensor>(condition: tf.Tensor, values: T) =>
    tf.where(condition, values, tf.zerosLike(values)) as T;
  return {
    ...rest,
    lastOutput: orZero(tf.slice(processed, [0, timesteps - 1], [-1, 1]), lastOutput),
    outputs: outputs && orZero(valid, outputs),
  };
}

function runUnobserved(
  fusedKernel: FusedKernel | null,
  cell: SequenceCell,
  sequence: Sequence,
  options: ScanOptions,
): ScanResult {
  if (sequence.x.shape[0] === 0) return runEmptyBatch(fusedKernel, cell, sequence, options);
  return fusedKernel === null
    ? runPlain(cell, sequence, options)
    : runOnFusedKernel(fusedKernel, cell, sequence, options);
}

/**
 * Runs a batch of no samples as one sample of zeros of which nothing is kept.
 *
 * Matrix products over no rows are not defined on every backend: the wasm one returns uninitialised memory as gradient
 * of the weights.
 */
function runEmptyBatch(
  fusedKernel: FusedKernel | null,
  cell: SequenceCell,
  sequence: Sequence,
  options: ScanOptions,
): ScanResult {
  return tidy(() => {
    const states = statesBefore(sequence, cell);
    const oneSample: Sequence = {
      x: withOneSample(sequence.x),
      states: states.map(withOneSample),
      mask: sequence.mask && tf.ones([1, sequence.mask.shape[1]]),
      dropoutMasks: NO_DROPOUT,
    };
    const result = runUnobserved(fusedKernel, cell, oneSample, options);
    return {
      lastOutput: withoutSamples(result.lastOutput),
      states: result.states.map(withoutSamples),
      outputs: result.outputs && withoutSamples(result.outputs),
      gates: mapGates(result.gates, withoutSamples),
    };
  });
}

function withOneSample<T extends tf.Tensor>(batch: T): T {
  const paddings = batch.shape.map((_, axis): [number, number] => [0, axis === 0 ? 1 : 0]);
  return tf.pad(batch, paddings) as T;
}

function withoutSamples<T extends tf.Tensor>(batch: T): T {
  const [, ...others] = batch.shape;
  return tf.slice(batch, [0, ...others.map(() => 0)], [0, ...others]) as T;
}

function runPlain(cell: SequenceCell, sequence: Sequence, options: ScanOptions): ScanResult {
  return tidy(() => {
    const { dropoutMasks } = sequence;
    const before = statesBefore(sequence, cell);
    const mask = sequence.mask === null ? null : booleanMask(sequence.mask);
    const x = withoutMaskedSteps(tf.cast(sequence.x, 'float32'), mask);
    const edits = observersOf(cell).flatMap(({ editStep }) => editStep ?? []);
    const isWhole = !hasPreActivations(cell);
    const step: StepFunction = (stepInput, states, t) => {
      const computed = stepCellFrom(cell, stepInput, states, dropoutMasks);
      return edits.reduce((edited, edit) => edit(edited, states, t), computed);
    };
    const stepInputs = isWhole ? unstackSteps(tf.transpose(x, [1, 0, 2])) : projectInputs(cell, x, dropoutMasks.input);
    return scan(cell, step, { stepInputs, states: before, mask }, options);
  });
}

/** Sets x to 0 at masked steps: a NaN there must reach neither the output nor, times 0, a gradient. */
function withoutMaskedSteps(x: tf.Tensor3D, mask: tf.Tensor2D | null): tf.Tensor3D {
  return mask === null ? x : tf.where(tf.expandDims(mask, 2), x, tf.zerosLike(x));
}

/** How many rows a matrix product of the input is to have, at most; chosen with `npm run bench`. */
const ROWS_OF_A_PRODUCT = 32;

/**
 * x·W + b for each timestep: [B, T, D] to T tensors [B, 4U], or what the cell makes of them.
 *
 * Several timesteps make one product where a batch is small. Where it is not, that gains nothing, and taking the wide
 * result apart costs more than taking x apart.
 */
function projectInputs(cell: SequenceCell, x: tf.Tensor3D, dropoutMasks: GateDropoutMasks): tf.Tensor2D[] {
  const [batch, timesteps, features] = x.shape;
  const timeMajor = tf.transpose(x, [1, 0, 2]);
  const stepsOfAProduct = Math.max(1, Math.floor(ROWS_OF_A_PRODUCT / batch));
  if (stepsOfAProduct === 1) return unstackSteps(timeMajor).map((step) => cell.projectInput(step, dropoutMasks));
  const sizes = evenSizes(timesteps, Math.ceil(timesteps / stepsOfAProduct));
  return splitTime(timeMajor, sizes).flatMap((piece) => {
    const steps = piece.shape[0] as number;
    const rows: [number, number] = [steps * batch, features];
    const everyStep = dropoutMasks.map((dropoutMask) =>
      tf.reshape(tf.broadcastTo(dropoutMask, [steps, batch, features]), rows),
    );
    const projected = cell.projectInput(tf.reshape(piece, rows), everyStep);
    return unstackSteps(tf.reshape(projected, [steps, batch, projected.shape[1]]));
  });
}

function runOnFusedKernel(
  fusedKernel: FusedKernel,
  cell: SequenceCell,
  sequence: Sequence,
  scanOptions: ScanOptions,
): ScanResult {
  const options = fusedOptions(cell, scanOptions);
  const { keptUnits } = scanOptions;
  const inputs = fusedInputs(cell, sequence);
  return byStates(
    keptUnits === undefined
      ? runFused(fusedKernel, inputs, options)
      : tidy(() => runInPieces(fusedKernel, inputs, options, keptUnits)),
    cell,
  );
}

export function fusedOptions(
  cell: SequenceCell,
  { goBackwards, zeroOutputForMask, keepOutputs, keepGates }: ScanOptions,
): FusedOptions {
  const activation = cell.activation.getClassName();
  const recurrentActivation = cell.recurrentActivation.getClassName();
  return { goBackwards, zeroOutputForMask, keepOutputs, keepGates, activation, recurrentActivation };
}

/** To be called within a tidy, which disposes what is cast. */
export function fusedInputs(cell: SequenceCell, { x, states, mask, dropoutMasks }: Sequence): FusedInputs {
  const [batch, , features] = x.shape;
  const { fusedEquations } = cell;
  const weights = fusedEquations?.weights();
  return {
    x: asFloat(x),
    h0: states && asFloat(states[0] as tf.Tensor2D),
    c0: states && asFloat(states[1] as tf.Tensor2D),
    kernel: weights?.kernel ?? (cell.kernel.read() as tf.Tensor2D),
    recurrentKernel: weights?.recurrentKernel ?? (cell.recurrentKernel.read() as tf.Tensor2D),
    bias: weights === undefined ? cell.bias && (cell.bias.read() as tf.Tensor1D) : weights.bias,
    mask: mask && booleanMask(mask),
    inputDropoutMasks: spread(masksOfBlocks(cell, dropoutMasks.input), batch, features),
    recurrentDropoutMasks: spread(masksOfBlocks(cell, dropoutMasks.recurrent), batch, cell.widthOf('h')),
    additions: weights?.additions,
  };
}

function masksOfBlocks({ fusedEquations }: SequenceCell, ofGates: GateDropoutMasks): GateDropoutMasks {
  return fusedEquations?.dropoutMasks(ofGates) ?? ofGates;
}

function asFloat<T extends tf.Tensor>(tensor: T): T {
  return tensor.dtype === 'float32' ? tensor : tf.cast(tensor, 'float32');
}

/** An injected `dropoutFunc` may return dropout masks of fewer rows, as long as they broadcast. */
function spread(dropoutMasks: GateDropoutMasks, batch: number, width: number): GateDropoutMasks {
  if (dropoutMasks.length === 0) return dropoutMasks;
  const shape: [number, number] = [batch, width];
  return dropoutMasks.map((dropoutMask) =>
    asFloat(tf.util.arraysEqual(dropoutMask.shape, shape) ? dropoutMask : tf.broadcastTo(dropoutMask, shape)),
  );
}

/** What a piece of a sequence may take while all of its units are held. */
const BYTES_OF_PIECE = 2 ** 24;

/** Keeps some units only: piece by piece, so that the others are never held for the whole sequence. */
function runInPieces(
  fusedKernel: FusedKernel,
  inputs: FusedInputs,
  options: FusedOptions,
  keptUnits: readonly number[],
): FusedResult {
  const [batch, timesteps] = inputs.x.shape;
  const units = unitsOf(inputs);
  const bytesOfStep = 4 * (GATE_SEQUENCE_NAMES.length + 1) * batch * units;
  const stepsOfPiece = Math.max(1, Math.floor(BYTES_OF_PIECE / bytesOfStep));
  const indices = tf.tensor1d([...keptUnits], 'int32');
  const choose = (steps: tf.Tensor3D) => tf.gather(steps, indices, 2);
  const pieces: FusedResult[] = [];
  let { h0, c0 } = inputs;
  for (let n = 0; n < timesteps; n += stepsOfPiece) {
    const count = Math.min(stepsOfPiece, timesteps - n);
    const first = options.goBackwards ? timesteps - n - count : n;
    const piece = tidy(() => {
      const { outputs, gates, ...states } = runFused(
        fusedKernel,
        { ...sliceTime(inputs, first, count), h0, c0 },
        options,
      );
      return { ...states, outputs: outputs && choose(outputs), gates: mapGates(gates, choose) as GateSequences | null };
    });
    pieces.push(piece);
    h0 = piece.h;
    c0 = piece.c;
  }
  return joinPieces(pieces);
}

function sliceTime(inputs: FusedInputs, first: number, count: number): FusedInputs {
  const { x, mask } = inputs;
  return {
    ...inputs,
    x: tf.slice(x, [0, first, 0], [-1, count, -1]),
    mask: mask && tf.slice(mask, [0, first], [-1, count]),
  };
}

function joinPieces(pieces: readonly FusedResult[]): FusedResult {
  const last = pieces[pieces.length - 1] as FusedResult;
  const join = (sequences: tf.Tensor3D[]) =>
    sequences.length === 1 ? (sequences[0] as tf.Tensor3D) : tf.concat(sequences, 1);
  return {
    ...last,
    outputs: last.outputs && join(pieces.map(({ outputs }) => outputs as tf.Tensor3D)),
    gates: mapGates(last.gates, (_, name) =>
      join(pieces.map(({ gates }) => (gates as SequencesByName)[name] as tf.Tensor3D)),
    ) as GateSequences | null,
  };
}

function mapGates(
  gates: SequencesByName | null,
  map: (steps: tf.Tensor3D, name: string) => tf.Tensor3D,
): SequencesByName | null {
  if (gates === null) return null;
  const mapped: Record<string, tf.Tensor3D> = {};
  for (const name of Object.keys(gates)) mapped[name] = map(gates[name] as tf.Tensor3D, name);
  return mapped;
}

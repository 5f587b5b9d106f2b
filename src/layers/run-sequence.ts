import * as tf from '@tensorflow/tfjs';
import { booleanMask } from '../core/mask.js';
import { type ScanOptions, type ScanResult, type StepFunction, scan } from '../core/scan.js';
import { tidy } from '../core/tidy.js';
import { evenSizes, splitTime, unstackSteps } from '../core/unstack-steps.js';
import type { GateMasks } from '../core/weighted-sum.js';
import type { FusedKernel } from '../fused/fused-kernel.js';
import type { DropoutMasks } from './dropout.js';
import { runEmptyBatch } from './empty-batch.js';
import type { LSTMCell } from './lstm-cell.js';
import { runFusedSequence } from './run-fused-sequence.js';

export type States = [h: tf.Tensor2D, c: tf.Tensor2D];

export function zeroStates(batch: number, units: number): States {
  return [tf.zeros([batch, units]), tf.zeros([batch, units])];
}

/** One sequence to run, checked. */
export interface Sequence {
  /** [B, T, D] */
  x: tf.Tensor3D;
  /** [B, U] each. */
  states: States;
  /** [B, T], of any dtype; 0 is masked. */
  mask: tf.Tensor2D | null;
  dropout: DropoutMasks;
}

/**
 * Runs a cell over a sequence.
 *
 * @param kernel The fused kernel to run on; null for plain tfjs ops.
 */
export function runSequence(
  kernel: FusedKernel | null,
  cell: LSTMCell,
  sequence: Sequence,
  options: ScanOptions,
): ScanResult {
  const run = (given: Sequence) =>
    kernel === null ? runPlainSequence(cell, given, options) : runFusedSequence(kernel, cell, given, options);
  return sequence.x.shape[0] === 0 ? runEmptyBatch(sequence, run) : run(sequence);
}

function runPlainSequence(cell: LSTMCell, sequence: Sequence, options: ScanOptions): ScanResult {
  return tidy(() => {
    const {
      dropout,
      states: [h0, c0],
    } = sequence;
    const mask = sequence.mask === null ? null : booleanMask(sequence.mask);
    const projectedInputs = projectInputs(
      cell,
      withoutMaskedSteps(tf.cast(sequence.x, 'float32'), mask),
      dropout.input,
    );
    const { stepEdit } = cell;
    const step: StepFunction = (projectedInput, states, t) => {
      const computed = cell.stepFromProjectedInput(projectedInput, states, dropout.recurrent);
      return stepEdit === null ? computed : stepEdit(computed, states, t);
    };
    return scan(step, { projectedInputs, h0, c0, mask }, options);
  });
}

/** Sets x to 0 at masked steps: a NaN there must reach neither the output nor, times 0, a gradient. */
function withoutMaskedSteps(x: tf.Tensor3D, mask: tf.Tensor2D | null): tf.Tensor3D {
  return mask === null ? x : tf.where(tf.expandDims(mask, 2), x, tf.zerosLike(x));
}

/** How many rows a matrix product of the input is to have, at most; chosen with `npm run bench`. */
const ROWS_OF_A_PRODUCT = 32;

/**
 * x·W + b for each timestep: [B, T, D] to T tensors [B, 4U].
 *
 * Several timesteps make one product where a batch is small. Where it is not, that gains nothing, and taking the wide
 * result apart costs more than taking x apart.
 */
function projectInputs(cell: LSTMCell, x: tf.Tensor3D, masks: GateMasks): tf.Tensor2D[] {
  const [batch, timesteps, features] = x.shape;
  const timeMajor = tf.transpose(x, [1, 0, 2]);
  const stepsOfAProduct = Math.max(1, Math.floor(ROWS_OF_A_PRODUCT / batch));
  if (stepsOfAProduct === 1) return unstackSteps(timeMajor).map((step) => cell.projectInput(step, masks));
  const sizes = evenSizes(timesteps, Math.ceil(timesteps / stepsOfAProduct));
  return splitTime(timeMajor, sizes).flatMap((piece) => {
    const steps = piece.shape[0] as number;
    const rows: [number, number] = [steps * batch, features];
    const everyStep = masks.map((mask) => tf.reshape(tf.broadcastTo(mask, [steps, batch, features]), rows));
    const projected = cell.projectInput(tf.reshape(piece, rows), everyStep);
    return unstackSteps(tf.reshape(projected, [steps, batch, 4 * cell.units]));
  });
}

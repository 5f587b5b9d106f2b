import * as tf from '@tensorflow/tfjs';
import type { ByGate } from '../../core/quantities.js';
import type { GateSequences } from '../../core/scan.js';
import { tidy } from '../../core/tidy.js';
import type { FusedOptions, InputGradients, RecordedInputs, ResultGradients, StepGradients } from '../fused-kernel.js';
import type { BlockOutputs } from './block-lstm.js';
import { incomingGradients } from './incoming-gradients.js';
import { runNativeOp } from './native-ops.js';
import { HARD_SLOPE } from './steps-forward.js';
import { backToInput, inInputOrder, readSteps, swapBatchAndTime, validSteps, zeroWhereMasked } from './time-major.js';

/** The gradients of the pre-activations, [T, B, 4U] in blocks i, f, g, o, and of the first states. */
interface TimeGradients {
  dZ: tf.Tensor3D;
  dH0: tf.Tensor2D;
  dC0: tf.Tensor2D;
  /** [T, B, U] in processing order; null unless kept. */
  arriving: Arriving<tf.Tensor3D> | null;
}

/** What arrives at the states after a step: from later steps, and in all, but for c by way of h. */
interface Arriving<Steps> {
  laterDH: Steps;
  laterDC: Steps;
  dH: Steps;
  dC: Steps;
}

/** One LSTMBlockCellGrad and one product a step; weights and x take one product each for all steps, if asked for. */
export function backwardBySteps(
  inputs: RecordedInputs,
  options: FusedOptions,
  saved: BlockOutputs,
  gradients: ResultGradients,
): InputGradients {
  const through = tidy(() => backThroughTime(inputs, options, saved, gradients, false));
  return gradientsOfInputs(inputs, options, saved, through);
}

function gradientsOfInputs(
  inputs: RecordedInputs,
  options: FusedOptions,
  saved: BlockOutputs,
  { dZ, dH0, dC0 }: TimeGradients,
): InputGradients {
  const { x, h0, kernel } = inputs;
  const [batch, timesteps, features] = x.shape;
  const rows = timesteps * batch;
  const dRows = tf.reshape(dZ, [rows, -1]) as tf.Tensor2D;
  const previousHiddens = () =>
    timesteps === 1 ? h0 : tf.concat([h0, tf.reshape(tf.slice(saved.h, 0, timesteps - 1), [rows - batch, -1])]);
  return {
    x: () => {
      const steps = tf.reshape(tf.matMul(dRows, kernel, false, true), [timesteps, batch, features]);
      return backToInput(steps as tf.Tensor3D, inputs, options);
    },
    h0: () => tf.clone(dH0),
    c0: () => tf.clone(dC0),
    kernel: () => tf.matMul(tf.reshape(readSteps(inputs, options), [rows, features]), dRows, true),
    recurrentKernel: () => tf.matMul(previousHiddens(), dRows, true),
    bias: () => tf.sum(dRows, 0),
  };
}

/** The same, with what it comes by. */
export function stepGradients(
  inputs: RecordedInputs,
  options: FusedOptions,
  saved: BlockOutputs,
  gradients: ResultGradients,
): StepGradients {
  return tidy(() => {
    const through = backThroughTime(inputs, options, saved, gradients, true);
    const { laterDH, laterDC, dH, dC } = through.arriving as Arriving<tf.Tensor3D>;
    const ofInputs = gradientsOfInputs(inputs, options, saved, through);
    // h = o ⊙ tanh(c)
    const slope = tf.mul(saved.o, tf.sub(1, tf.square(saved.co)));
    const outputSlope = zeroWhereMasked(slope as tf.Tensor3D, validSteps(inputs, options));
    const inOrder = (steps: tf.Tensor) => inInputOrder(steps as tf.Tensor3D, options);
    return {
      x: ofInputs.x() as tf.Tensor3D,
      h0: through.dH0,
      c0: through.dC0,
      kernel: byGate(ofInputs.kernel() as tf.Tensor2D),
      recurrentKernel: byGate(ofInputs.recurrentKernel() as tf.Tensor2D),
      bias: inputs.bias && byGate(ofInputs.bias() as tf.Tensor1D),
      dZ: byGate(inOrder(through.dZ)),
      dH: inOrder(dH),
      dC: inOrder(tf.add(dC, tf.mul(outputSlope, dH))),
      laterDH: inOrder(laterDH),
      laterDC: inOrder(laterDC),
      outputSlope: inOrder(outputSlope),
    };
  });
}

/** Blocks i, f, g, o of the last axis. */
function byGate<T extends tf.Tensor>(blocks: T): ByGate<T> {
  const [i, f, g, o] = tf.split(blocks, 4, -1) as [T, T, T, T];
  return { i, f, g, o };
}

/** @param keepsArriving Whether to tell what arrives at each step. */
function backThroughTime(
  inputs: RecordedInputs,
  options: FusedOptions,
  saved: BlockOutputs,
  gradients: ResultGradients,
  keepsArriving: boolean,
): TimeGradients {
  const { x, h0, c0, recurrentKernel } = inputs;
  const [batch, timesteps] = x.shape;
  const valid = validSteps(inputs, options);
  const stepsOf = Object.fromEntries(CELL_OUTPUTS.map((name) => [name, unstack(saved[name])])) as CellSteps;
  const incoming = incomingGradients(gradients, options.zeroOutputForMask ? valid : null);
  const [everyH, everyC] = [unstack(incoming.h.every), unstack(incoming.c.every)];
  const everyZ = unstack(gradients.gates && gateGradients(saved, gradients.gates, options));
  const corrections = unstack(options.recurrentActivation === 'hardSigmoid' ? correctionsOf(saved) : null);
  const [everyValid, zero] = [unstack(valid), tf.scalar(0)];
  const weights = swapFAndG(recurrentKernel);
  const timesWeights = productWithTransposed(weights, batch, timesteps);
  const unread = unreadInputs(batch, h0.shape[1]);
  const dZ: tf.Tensor2D[] = new Array(timesteps);
  const arriving: Arriving<tf.Tensor2D[]> = { laterDH: [], laterDC: [], dH: [], dC: [] };
  let [dH, dC] = [incoming.h.last, incoming.c.last];
  for (let n = timesteps - 1; n >= 0; n--) {
    arriving.laterDH[n] = dH;
    arriving.laterDC[n] = dC;
    [dH, dC] = [add(dH, everyH?.[n]), add(dC, everyC?.[n])];
    arriving.dH[n] = dH;
    arriving.dC[n] = dC;
    const previousC = n === 0 ? c0 : stepsOf.cs[n - 1];
    const outputs = CELL_OUTPUTS.map((name) => stepsOf[name][n]);
    const given = [unread.x, previousC, h0, weights, ...unread.others, ...outputs, dC, dH] as tf.Tensor[];
    const [dPreviousC, dGates] = runNativeOp('LSTMBlockCellGrad', given) as [tf.Tensor2D, tf.Tensor2D];
    const dComputed = add(corrections === null ? dGates : multiply(dGates, corrections[n]), everyZ?.[n]);
    const isValid = everyValid?.[n];
    // A masked step hands on what arrives, and nothing of it comes from its pre-activations.
    const dStep = isValid === undefined ? dComputed : select(isValid, dComputed, zero);
    const dCopied = isValid && select(isValid, zero, dH);
    dZ[n] = dStep;
    dC = isValid === undefined ? dPreviousC : select(isValid, dPreviousC, dC);
    dH = add(timesWeights(dStep), dCopied);
  }
  const stacked = (name: keyof Arriving<unknown>) => tf.stack(arriving[name]) as tf.Tensor3D;
  return {
    dZ: swapFAndG(tf.stack(dZ)) as tf.Tensor3D,
    dH0: dH,
    dC0: dC,
    arriving: keepsArriving
      ? { laterDH: stacked('laterDH'), laterDC: stacked('laterDC'), dH: stacked('dH'), dC: stacked('dC') }
      : null,
  };
}

/**
 * Multiplies with the transpose of weights. TensorFlow takes three to fifteen times as long for several rows times a transposed
 * matrix as for the same product with one that was transposed before, and for one row less.
 */
function productWithTransposed(weights: tf.Tensor2D, batch: number, timesteps: number) {
  if (batch === 1 || timesteps < 3) {
    return (rows: tf.Tensor2D) => runNativeOp('MatMulTransposed', [rows, weights])[0] as tf.Tensor2D;
  }
  const transposed = tf.transpose(weights);
  return (rows: tf.Tensor2D) => runNativeOp('MatMul', [rows, transposed])[0] as tf.Tensor2D;
}

/**
 * LSTMBlockCellGrad takes each gate s for a sigmoid, of slope s·(1 - s): by what its results are to be multiplied where it is a
 * hard sigmoid, [T, B, 4U] in blocks i, g, f, o.
 */
function correctionsOf({ i, f, o, ci: g }: BlockOutputs): tf.Tensor3D {
  // Where s is 0 or 1 there is no slope, in either.
  const ofGate = (gate: tf.Tensor3D) => tf.divNoNan(tf.scalar(HARD_SLOPE), tf.mul(gate, tf.sub(1, gate)));
  return tf.concat([ofGate(i), tf.onesLike(g), ofGate(f), ofGate(o)], 2) as tf.Tensor3D;
}

/** Blocks i, f, g, o of the last axis to blocks i, g, f, o, which is LSTMBlockCell's order; or back. */
function swapFAndG<T extends tf.Tensor>(blocks: T): T {
  const [i, second, third, o] = tf.split(blocks, 4, -1) as [T, T, T, T];
  return tf.concat([i, third, second, o], -1) as T;
}

/** What gradients that arrive at the gates contribute to the pre-activations', [T, B, 4U] in blocks i, g, f, o. */
function gateGradients(
  { i, f, o, ci: g }: BlockOutputs,
  gradients: GateSequences,
  { recurrentActivation }: FusedOptions,
): tf.Tensor3D {
  const slope = (gate: tf.Tensor3D): tf.Tensor => {
    if (recurrentActivation === 'sigmoid') return tf.mul(gate, tf.sub(1, gate));
    const isBetween = tf.logicalAnd(tf.greater(gate, 0), tf.less(gate, 1));
    return tf.mul(tf.cast(isBetween, 'float32'), HARD_SLOPE);
  };
  const throughGate = (gate: tf.Tensor3D, gradient: tf.Tensor3D) => tf.mul(swapBatchAndTime(gradient), slope(gate));
  return tf.concat(
    [
      throughGate(i, gradients.i),
      tf.mul(swapBatchAndTime(gradients.g), tf.sub(1, tf.square(g))),
      throughGate(f, gradients.f),
      throughGate(o, gradients.o),
    ],
    2,
  ) as tf.Tensor3D;
}

const CELL_OUTPUTS = ['i', 'cs', 'f', 'o', 'ci', 'co'] as const;
type CellSteps = Record<(typeof CELL_OUTPUTS)[number], tf.Tensor2D[]>;

/** Of these, and of the previous h, LSTMBlockCellGrad reads the shapes alone. */
function unreadInputs(batch: number, units: number) {
  const noPeephole = tf.zeros([units]);
  return { x: tf.zeros([batch, 0]), others: [noPeephole, noPeephole, noPeephole, tf.zeros([4 * units])] };
}

function unstack(sequence: tf.Tensor3D | null): tf.Tensor2D[] | null {
  return sequence && (tf.unstack(sequence) as tf.Tensor2D[]);
}

function add(gradient: tf.Tensor2D, incoming: tf.Tensor2D | undefined): tf.Tensor2D {
  return incoming === undefined ? gradient : (runNativeOp('AddV2', [gradient, incoming])[0] as tf.Tensor2D);
}

function multiply(gradient: tf.Tensor2D, factor: tf.Tensor2D | undefined): tf.Tensor2D {
  return runNativeOp('Mul', [gradient, factor as tf.Tensor2D])[0] as tf.Tensor2D;
}

function select(condition: tf.Tensor2D, valid: tf.Tensor, masked: tf.Tensor): tf.Tensor2D {
  return runNativeOp('SelectV2', [condition, valid, masked])[0] as tf.Tensor2D;
}

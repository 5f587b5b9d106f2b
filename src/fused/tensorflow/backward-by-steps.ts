import * as tf from '@tensorflow/tfjs';
import type { ByGate } from '../../core/quantities.js';
import type { GateSequences } from '../../core/scan.js';
import { tidy } from '../../core/tidy.js';
import type { FusedOptions, InputGradients, RecordedInputs, ResultGradients, StepGradients } from '../fused-kernel.js';
import type { BlockOutputs } from './block-lstm.js';
import { incomingGradients } from './incoming-gradients.js';
import { runGraph } from './run-graph.js';
import { backwardGraphs, backwardPart, HARD_SLOPE } from './step-graphs.js';
import { backToInput, inInputOrder, readSteps, swapBatchAndTime, validSteps, zeroWhereMasked } from './time-major.js';

/** The gradients of the pre-activations, [T, B, 4U] in blocks i, f, g, o, and of the first states. */
interface TimeGradients {
  dZ: tf.Tensor3D;
  dH0: tf.Tensor2D;
  dC0: tf.Tensor2D;
  /** [T, B, U] in processing order; null unless kept. */
  arriving: Arriving | null;
}

/** What arrives at the states after a step: from later steps, and in all, but for c by way of h. */
const ARRIVING = ['laterDH', 'laterDC', 'dH', 'dC'] as const;
type Arriving = Record<(typeof ARRIVING)[number], tf.Tensor3D>;

/** One product a step; weights and x take one product each for all steps, if asked for. */
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
    const { laterDH, laterDC, dH, dC } = through.arriving as Arriving;
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
      laterDH: inOrder(withoutLast(laterDH)),
      laterDC: inOrder(withoutLast(laterDC)),
      outputSlope: inOrder(outputSlope),
    };
  });
}

/** The same with zeros in the place of the last step, [T, B, U]: what arrives there comes from outside. */
function withoutLast(steps: tf.Tensor3D): tf.Tensor3D {
  const [timesteps, batch, units] = steps.shape;
  return tf.concat([tf.slice(steps, 0, timesteps - 1), tf.zeros<tf.Rank.R3>([1, batch, units])]);
}

/** Blocks i, f, g, o of the last axis. */
export function byGate<T extends tf.Tensor>(blocks: T): ByGate<T> {
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
  const { x, c0, recurrentKernel } = inputs;
  const valid = validSteps(inputs, options);
  const { h, c } = incomingGradients(gradients, options.zeroOutputForMask ? valid : null);
  const everyZ = gradients.gates && gateGradients(saved, gradients.gates, options);
  const { i, f, o, ci, co, cs } = saved;
  const given = {
    ...{ i, f, o, ci, co, cs, c0 },
    timesteps: tf.scalar(x.shape[1], 'int32'),
    weights: tf.transpose(recurrentKernel),
    lastH: h.last,
    lastC: c.last,
    ...(h.every && { everyH: h.every }),
    ...(c.every && everyZ && { everyC: c.every, everyZ }),
    ...(valid && { valid }),
  };
  const kind = { isHard: options.recurrentActivation === 'hardSigmoid', isMasked: valid !== null };
  const part = backwardPart({ atH: h.every !== null, atGates: c.every !== null });
  const kept = ['dZ', ...(keepsArriving ? ARRIVING : [])].map((name) => `every_${name}`);
  const [dH0, dC0, dZ, ...arrived] = runGraph(backwardGraphs, kind, part, given, ['dH0', 'dC0', ...kept]) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor3D,
    ...tf.Tensor3D[],
  ];
  const arriving = Object.fromEntries(ARRIVING.map((name, n) => [name, arrived[n]])) as Arriving;
  return { dZ, dH0, dC0, arriving: keepsArriving ? arriving : null };
}

/** What gradients that arrive at the gates contribute to the pre-activations', [T, B, 4U] in blocks i, f, g, o. */
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
      throughGate(f, gradients.f),
      tf.mul(swapBatchAndTime(gradients.g), tf.sub(1, tf.square(g))),
      throughGate(o, gradients.o),
    ],
    2,
  ) as tf.Tensor3D;
}

import * as tf from '@tensorflow/tfjs';
import type { GateSequences } from '../../core/scan.js';
import { tidy } from '../../core/tidy.js';
import type { FusedOptions, InputGradients, RecordedInputs, ResultGradients } from '../fused-kernel.js';
import type { BlockOutputs } from './block-lstm.js';
import { incomingGradients } from './incoming-gradients.js';
import { runNativeOp } from './native-ops.js';
import { backToInput, readSteps, swapBatchAndTime } from './time-major.js';

/** The gradients of the pre-activations, [T, B, 4U] in blocks i, f, g, o, and of the first states. */
interface TimeGradients {
  dZ: tf.Tensor3D;
  dH0: tf.Tensor2D;
  dC0: tf.Tensor2D;
}

/** One LSTMBlockCellGrad and one product a step; weights and x take one product each for all steps, if asked for. */
export function backwardBySteps(
  inputs: RecordedInputs,
  options: FusedOptions,
  saved: BlockOutputs,
  gradients: ResultGradients,
): InputGradients {
  const { x, h0, kernel } = inputs;
  const [batch, timesteps, features] = x.shape;
  const { dZ, dH0, dC0 } = tidy(() => backThroughTime(inputs, saved, gradients));
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

function backThroughTime(
  { x, h0, c0, recurrentKernel }: RecordedInputs,
  saved: BlockOutputs,
  gradients: ResultGradients,
): TimeGradients {
  const [batch, timesteps] = x.shape;
  const stepsOf = Object.fromEntries(CELL_OUTPUTS.map((name) => [name, unstack(saved[name])])) as CellSteps;
  const incoming = incomingGradients(gradients);
  const [everyH, everyC] = [unstack(incoming.h.every), unstack(incoming.c.every)];
  const everyZ = unstack(gradients.gates && gateGradients(saved, gradients.gates));
  const weights = swapFAndG(recurrentKernel);
  const unread = unreadInputs(batch, h0.shape[1]);
  const dZ: tf.Tensor2D[] = new Array(timesteps);
  let [dH, dC] = [incoming.h.last, incoming.c.last];
  for (let n = timesteps - 1; n >= 0; n--) {
    [dH, dC] = [add(dH, everyH?.[n]), add(dC, everyC?.[n])];
    const previousC = n === 0 ? c0 : stepsOf.cs[n - 1];
    const outputs = CELL_OUTPUTS.map((name) => stepsOf[name][n]);
    const given = [unread.x, previousC, h0, weights, ...unread.others, ...outputs, dC, dH] as tf.Tensor[];
    const [dPreviousC, dGates] = runNativeOp('LSTMBlockCellGrad', given) as [tf.Tensor2D, tf.Tensor2D];
    const dStep = add(dGates, everyZ?.[n]);
    dZ[n] = dStep;
    dC = dPreviousC;
    [dH] = runNativeOp('MatMul', [dStep, weights]) as [tf.Tensor2D];
  }
  return { dZ: swapFAndG(tf.stack(dZ)) as tf.Tensor3D, dH0: dH, dC0: dC };
}

/** Blocks i, f, g, o of the last axis to blocks i, g, f, o, which is LSTMBlockCell's order; or back. */
function swapFAndG<T extends tf.Tensor>(blocks: T): T {
  const [i, second, third, o] = tf.split(blocks, 4, -1) as [T, T, T, T];
  return tf.concat([i, third, second, o], -1) as T;
}

/** What gradients that arrive at the gates contribute to the pre-activations', [T, B, 4U] in blocks i, g, f, o. */
function gateGradients({ i, f, o, ci: g }: BlockOutputs, gradients: GateSequences): tf.Tensor3D {
  const throughSigmoid = (gate: tf.Tensor3D, gradient: tf.Tensor3D) =>
    tf.mul(swapBatchAndTime(gradient), tf.mul(gate, tf.sub(1, gate)));
  return tf.concat(
    [
      throughSigmoid(i, gradients.i),
      tf.mul(swapBatchAndTime(gradients.g), tf.sub(1, tf.square(g))),
      throughSigmoid(f, gradients.f),
      throughSigmoid(o, gradients.o),
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
  return incoming === undefined ? gradient : tf.add(gradient, incoming);
}

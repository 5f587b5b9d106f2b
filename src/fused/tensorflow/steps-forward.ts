import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import type { FusedInputs, FusedOptions } from '../fused-kernel.js';
import type { BlockOutputs } from './block-lstm.js';
import { keptWeights } from './kept-weights.js';
import { type OpInput, runNativeOp } from './native-ops.js';
import { readSteps, validSteps } from './time-major.js';

/** A hard sigmoid is 0.2·z + 0.5 between 0 and 1. */
export const HARD_SLOPE = 0.2;
const HARD_MIDDLE = 0.5;

type OutputName = keyof BlockOutputs;

/** What `blockLSTM` computes, by a dozen ops a step: for hard sigmoids, and for masks. */
export interface Steps {
  /** The states after the last step, each [B, U]. */
  h: tf.Tensor2D;
  c: tf.Tensor2D;
  /** What was asked for of all steps, each [T, B, U]. At masked steps states are copied, and the gates those of an x of 0. */
  sequences: Partial<BlockOutputs>;
}

/** How the matrices of the steps lie: with a row for each sample, or with a row for each unit. */
interface Layout {
  /** The gates of a step, by the recurrent activation, of which a hard sigmoid is given 0.2·z + 0.5; and z of g. */
  gatesOf(
    n: number,
    h: tf.Tensor,
    recurrentActivation: (z: tf.Tensor) => tf.Tensor,
  ): Record<'i' | 'f' | 'o' | 'zg', tf.Tensor>;
  /** From rows of samples, [B, N], and back. */
  fromRows(matrix: tf.Tensor2D): tf.Tensor;
  toRows(matrix: tf.Tensor): tf.Tensor2D;
  /** From matrices of all steps to [T, B, U]. */
  toSequence(steps: tf.Tensor[]): tf.Tensor3D;
  /** Which steps are valid, for each of T. */
  everyValid: tf.Tensor[] | null;
}

/**
 * @param wanted Of which quantities all steps are kept.
 * @param hasRowsOfUnits Whether matrices have a row for each unit, where no more is wanted than h.
 */
export function stepsForward(
  inputs: FusedInputs,
  options: FusedOptions,
  wanted: readonly OutputName[],
  hasRowsOfUnits: (batch: number, timesteps: number) => boolean,
): Steps {
  const { x, h0, c0, recurrentKernel } = inputs;
  const [batch, timesteps] = x.shape;
  const units = recurrentKernel.shape[0];
  const isHard = options.recurrentActivation === 'hardSigmoid';
  const keepsHiddensAtMost = wanted.every((name) => name === 'h');
  const isByUnits = keepsHiddensAtMost && hasRowsOfUnits(batch, timesteps);
  const layout = isByUnits ? rowsOfUnits(inputs, options) : rowsOfSamples(inputs, options);
  const { everyValid } = layout;
  const [zero, one] = [tf.scalar(0), tf.scalar(1)];
  const gate = (z: tf.Tensor) => run('ClipByValue', z, zero, one);
  const sigmoid = (z: tf.Tensor) => run('Sigmoid', z);
  const recurrentActivation = isHard ? gate : sigmoid;
  const kept: Partial<Record<OutputName, tf.Tensor[]>> = {};
  for (const name of wanted) kept[name] = [];
  let h = layout.fromRows(h0 ?? tf.zeros([batch, units]));
  let c = layout.fromRows(c0 ?? tf.zeros([batch, units]));
  for (let n = 0; n < timesteps; n++) {
    const step = tidy(() => {
      const { i, f, o, zg } = layout.gatesOf(n, h, recurrentActivation);
      const g = run('Tanh', zg);
      const newC = run('AddV2', run('Mul', f, c), run('Mul', i, g));
      const co = run('Tanh', newC);
      const newH = run('Mul', o, co);
      const isValid = everyValid?.[n];
      const states =
        isValid === undefined
          ? { cs: newC, h: newH }
          : { cs: run('SelectV2', isValid, newC, c), h: run('SelectV2', isValid, newH, h) };
      const all = { i, f, o, ci: g, co, ...states };
      return { states, kept: wanted.map((name) => all[name]) };
    });
    for (const [index, name] of wanted.entries()) kept[name]?.push(step.kept[index] as tf.Tensor);
    h = step.states.h;
    c = step.states.cs;
  }
  const sequences = Object.fromEntries(Object.entries(kept).map(([name, steps]) => [name, layout.toSequence(steps)]));
  return { h: layout.toRows(h), c: layout.toRows(c), sequences };
}

/** x · kernel of all steps at once, and h · recurrentKernel of each. */
function rowsOfSamples(inputs: FusedInputs, options: FusedOptions): Layout {
  const { kernel, recurrentKernel } = inputs;
  const [batch, timesteps, features] = inputs.x.shape;
  const units = recurrentKernel.shape[0];
  const isHard = options.recurrentActivation === 'hardSigmoid';
  const valid = validSteps(inputs, options);
  const rows = tf.reshape(readSteps(inputs, options), [timesteps * batch, features]) as tf.Tensor2D;
  const bias = inputs.bias ?? tf.zeros([4 * units]);
  // 0.2·z + 0.5 of the gates i, f and o: the slopes are in the weights, unless these are more than the rows to be multiplied.
  const slopes = isHard ? blocks(units, HARD_SLOPE, 1) : null;
  const scaled = <T extends tf.Tensor>(values: T): T => (slopes === null ? values : tf.mul(values, slopes));
  const areRowsScaled = timesteps * batch < features + units;
  const scaledWeights = (weights: tf.Tensor2D) => (areRowsScaled ? weights : scaled(weights));
  const middles = isHard ? tf.add(scaled(bias), blocks(units, HARD_MIDDLE, 0)) : bias;
  const products = tf.matMul(rows, scaledWeights(kernel));
  const projected = tf.add(areRowsScaled ? scaled(products) : products, middles);
  const everyZ = tf.unstack(tf.reshape(projected, [timesteps, batch, 4 * units])) as tf.Tensor2D[];
  const weights = scaledWeights(recurrentKernel);
  const axis = tf.scalar(1, 'int32');
  return {
    gatesOf: (n, h, recurrentActivation) => {
      const product = run('MatMul', h, weights);
      const isScaled = slopes === null || !areRowsScaled;
      const z = run('AddV2', isScaled ? product : run('Mul', product, slopes), everyZ[n] as tf.Tensor);
      const [zi, zf, zg, zo] = runNativeOp('Split', [axis, z]) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      return { i: recurrentActivation(zi), f: recurrentActivation(zf), o: recurrentActivation(zo), zg };
    },
    fromRows: (matrix) => matrix,
    toRows: (matrix) => matrix as tf.Tensor2D,
    toSequence: (steps) => tf.stack(steps) as tf.Tensor3D,
    everyValid: valid && tf.unstack(valid),
  };
}

/** One product a step, of all weights and the column that each sample has of h, x and a 1 for the bias. */
function rowsOfUnits(inputs: FusedInputs, options: FusedOptions): Layout {
  const [batch, timesteps] = inputs.x.shape;
  const valid = validSteps(inputs, options);
  const x = tf.transpose(readSteps(inputs, options), [0, 2, 1]);
  const everyX = tf.unstack(tf.concat([x, tf.ones([timesteps, 1, batch])], 1));
  const units = inputs.recurrentKernel.shape[0];
  const [axis, parts] = [tf.scalar(0, 'int32'), tf.tensor1d([3 * units, units], 'int32')];
  const weights = keptWeights(inputs, options.recurrentActivation, () => columnsOfWeights(inputs, options));
  return {
    gatesOf: (n, h, recurrentActivation) => {
      const z = run('MatMul', weights, run('ConcatV2', h, everyX[n] as tf.Tensor, axis));
      const [zifo, zg] = runNativeOp('SplitV', [z, parts, axis]) as [tf.Tensor, tf.Tensor];
      const ifo = recurrentActivation(zifo);
      const [i, f, o] = runNativeOp('SplitInThree', [axis, ifo]) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return { i, f, o, zg };
    },
    fromRows: tf.transpose,
    toRows: (matrix) => tf.transpose(matrix) as tf.Tensor2D,
    toSequence: (steps) => tf.transpose(tf.stack(steps), [0, 2, 1]) as tf.Tensor3D,
    everyValid: valid && tf.unstack(tf.reshape(valid, [timesteps, 1, batch])),
  };
}

/** The recurrent kernel, the kernel and the bias, transposed, [4U, U + D + 1], in blocks i, f, o, g. */
function columnsOfWeights({ kernel, recurrentKernel, bias }: FusedInputs, options: FusedOptions): tf.Tensor2D {
  const units = recurrentKernel.shape[0];
  const isHard = options.recurrentActivation === 'hardSigmoid';
  const last = bias ?? tf.zeros([4 * units]);
  const slopes = isHard ? blocks(units, HARD_SLOPE, 1) : tf.scalar(1);
  const middles = isHard ? blocks(units, HARD_MIDDLE, 0) : tf.scalar(0);
  const rows = tf.mul(tf.concat([recurrentKernel, kernel]), slopes);
  const columns = tf.transpose(tf.concat([rows, tf.expandDims(tf.add(tf.mul(last, slopes), middles), 0)]));
  const [i, f, g, o] = tf.split(columns, 4, 0) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  return tf.concat([i, f, o, g]);
}

function run(name: Parameters<typeof runNativeOp>[0], ...inputs: OpInput[]): tf.Tensor {
  return runNativeOp(name, inputs)[0] as tf.Tensor;
}

/** [4U], in blocks i, f, g, o: one value for the gates i, f and o, and one for g. */
function blocks(units: number, ofGates: number, ofG: number): tf.Tensor {
  const gates = tf.fill([units], ofGates);
  return tf.concat([gates, gates, tf.fill([units], ofG), gates]);
}

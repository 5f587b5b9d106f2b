import * as tf from '@tensorflow/tfjs';
import type { FusedInputs, FusedOptions } from '../fused-kernel.js';
import type { BlockOutputs } from './block-lstm.js';
import { keptWeights } from './kept-weights.js';
import type { OpInput } from './native-ops.js';
import { runGraph } from './run-graph.js';
import { forwardGraphs, HARD_MIDDLE, HARD_SHIFT, HARD_SLOPE } from './step-graphs.js';
import { orderSteps, swapBatchAndTime, validSteps } from './time-major.js';

type OutputName = keyof BlockOutputs;

/** What `blockLSTM` computes, by TensorFlow's plain ops: for hard sigmoids, and for masks. */
export interface Steps {
  /** The states after the last step, each [B, U]. */
  h: tf.Tensor2D;
  c: tf.Tensor2D;
  /** What was asked for of all steps, each [T, B, U], or [T, U, B] with rows of units. At masked steps states are copied, and gates not 0. */
  kept: Partial<Record<OutputName, tf.Tensor3D>>;
  /** One of these as [B, T, U], in processing order. */
  sequence(name: OutputName): tf.Tensor3D;
}

/** How the matrices of the steps lie: with a row for each sample, or with a row for each unit. */
interface Layout {
  part: 'samples' | 'units';
  /** What the graph is given for it. */
  inputs: Record<string, OpInput>;
  /** What a state of zeros is like. */
  shapeOfState: [number, number];
  /** From rows of samples, [B, U], and back. */
  fromRows(matrix: tf.Tensor2D): tf.Tensor;
  toRows(matrix: tf.Tensor): tf.Tensor2D;
  /** From matrices of all steps to [B, T, U]. */
  toSequence(steps: tf.Tensor3D): tf.Tensor3D;
  /** Of [T, B, 1], which steps are valid. */
  validOf(valid: tf.Tensor3D): tf.Tensor;
}

/**
 * @param wanted Of which quantities all steps are kept.
 * @param hasRowsOfUnits Whether matrices have a row for each unit.
 */
export function stepsForward(
  inputs: FusedInputs,
  options: FusedOptions,
  wanted: readonly OutputName[],
  hasRowsOfUnits: boolean,
): Steps {
  const { x, h0, c0 } = inputs;
  const layout = hasRowsOfUnits ? rowsOfUnits(inputs, options) : rowsOfSamples(inputs, options);
  const valid = validSteps(inputs, options);
  const stateOf = (state: tf.Tensor2D | null) =>
    state === null ? tf.zeros(layout.shapeOfState) : layout.fromRows(state);
  const given = {
    ...layout.inputs,
    timesteps: tf.scalar(x.shape[1], 'int32'),
    h0: stateOf(h0),
    c0: stateOf(c0),
    ...(valid && { valid: layout.validOf(valid) }),
  };
  const kind = { isHard: options.recurrentActivation === 'hardSigmoid', isMasked: valid !== null };
  const outputs = ['h', 'c', ...wanted.map((name) => `every_${name}`)];
  const [h, c, ...every] = runGraph(forwardGraphs, kind, layout.part, given, outputs) as [
    tf.Tensor,
    tf.Tensor,
    ...tf.Tensor3D[],
  ];
  const kept: Steps['kept'] = Object.fromEntries(wanted.map((name, n) => [name, every[n]]));
  const sequence = (name: OutputName) => layout.toSequence(kept[name] as tf.Tensor3D);
  return { h: layout.toRows(h), c: layout.toRows(c), kept, sequence };
}

/** x · kernel of all steps at once, and h · recurrentKernel of each. */
function rowsOfSamples(inputs: FusedInputs, options: FusedOptions): Layout {
  const { kernel, recurrentKernel, bias } = inputs;
  const [batch, timesteps, features] = inputs.x.shape;
  const units = recurrentKernel.shape[0];
  const columns = 4 * units;
  const rows = tf.reshape(swapBatchAndTime(orderSteps(inputs, options)), [timesteps * batch, features]) as tf.Tensor2D;
  const projected = tf.reshape(tf.matMul(rows, kernel), [timesteps, batch, columns]);
  const ofBias = bias ?? tf.zeros([columns]);
  const isHard = options.recurrentActivation === 'hardSigmoid';
  const shifted = isHard ? tf.add(ofBias, blocks(units, HARD_SHIFT, 0)) : ofBias;
  return {
    part: 'samples',
    inputs: { projected, weights: recurrentKernel, bias: shifted },
    shapeOfState: [batch, units],
    fromRows: (matrix) => matrix,
    toRows: (matrix) => matrix as tf.Tensor2D,
    toSequence: swapBatchAndTime,
    validOf: (valid) => valid,
  };
}

/** One product a step, of all weights and the column that each sample has of h, x and a 1 for the bias. */
function rowsOfUnits(inputs: FusedInputs, options: FusedOptions): Layout {
  const [batch, timesteps] = inputs.x.shape;
  const units = inputs.recurrentKernel.shape[0];
  return {
    part: 'units',
    inputs: {
      x: orderSteps(inputs, options),
      one: tf.ones([1, batch]),
      weights: keptWeights(inputs, options.recurrentActivation, () => columnsOfWeights(inputs, options)),
      parts: tf.tensor1d([3 * units, units], 'int32'),
    },
    shapeOfState: [units, batch],
    fromRows: tf.transpose,
    toRows: (matrix) => tf.transpose(matrix) as tf.Tensor2D,
    toSequence: (steps) => tf.transpose(steps, [2, 0, 1]),
    validOf: (valid) => tf.reshape(valid, [timesteps, 1, batch]),
  };
}

/** The recurrent kernel, the kernel and the bias, transposed, [4U, U + D + 1], in blocks i, f, o, g; for gates of 0.2·z + 0.5 with these. */
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

/** [4U], in blocks i, f, g, o: one value for the gates i, f and o, and one for g. */
function blocks(units: number, ofGates: number, ofG: number): tf.Tensor {
  const gates = tf.fill([units], ofGates);
  return tf.concat([gates, gates, tf.fill([units], ofG), gates]);
}

import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import type { LSTMStep } from '../../core/step.js';
import { tidy } from '../../core/tidy.js';
import { weightsOf } from '../../core/weights.js';
import { hookMethod } from '../../host/hook-method.js';
import type { SequenceCell } from '../../sequence/sequence.js';
import type { GradientFlow } from './flow-types.js';

/**
 * The Jacobian of one step of a flow, [B, 2U, 2U]; see `GradientFlow`. All rows come of one backward pass: every sample
 * is there 2U times, and in each copy another component of (h, c) is looked at.
 */
export function stepJacobian(flow: GradientFlow, cell: SequenceCell, t: number): tf.Tensor3D {
  const { x, trace } = flow;
  const where = 'GradientFlow.stepJacobian';
  if (x.isDisposed) throw invalidState(where, 'the flow must not be disposed', cell.name);
  const [batch, timesteps] = x.shape;
  if (!Number.isSafeInteger(t) || t < 0 || t >= timesteps) {
    throw invalidArgument(where, `t must be a whole number from 0 to ${timesteps - 1}`, t, { layer: cell.name });
  }
  return tidy(() => {
    const components = 2 * cell.units;
    const copies = <T extends tf.Tensor>(rows: T) =>
      tf.reshape(tf.tile(tf.expandDims(rows, 1), [1, components, 1]), [batch * components, -1]) as tf.Tensor2D;
    const [h, c] = statesBefore(flow, t);
    const eye = tf.tile(tf.eye(components), [batch, 1]);
    const [ofH, ofC] = tf.split(eye, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const lookedAt = (h: tf.Tensor2D, c: tf.Tensor2D) => {
      const projected = cell.projectInput(copies(stepOfSequence(x, t)), []);
      const step = cell.stepFromProjectedInput(projected, [h, c], []) as LSTMStep;
      return tf.sum(tf.add(tf.mul(step.h, ofH), tf.mul(step.c, ofC))) as tf.Scalar;
    };
    const gradients = withWeightsOf(flow, cell, () =>
      tf.grads(lookedAt as (...states: tf.Tensor[]) => tf.Scalar)([copies(h), copies(c)]),
    );
    const jacobian = tf.reshape(tf.concat(gradients, 1), [batch, components, components]) as tf.Tensor3D;
    if (trace.mask === null) return jacobian;
    const valid = tf.expandDims(tf.slice(trace.mask, [0, t], [-1, 1]), 2);
    return tf.where(valid, jacobian, tf.tile(tf.expandDims(tf.eye(components), 0), [batch, 1, 1])) as tf.Tensor3D;
  });
}

/** Runs the cell with the weights that the flow was taken at. */
function withWeightsOf<Result>({ weights }: GradientFlow, cell: SequenceCell, run: () => Result): Result {
  const restore = weightsOfSteps(cell).map((variable, n) =>
    hookMethod(variable, 'read', () => () => weights[n] as tf.Tensor),
  );
  try {
    return run();
  } finally {
    for (const undo of restore) undo();
  }
}

/**
 * All that a step may read: kernel, recurrent kernel and, if there is one, bias, and then what a cell with equations of
 * its own has besides.
 */
export function weightsOfSteps(cell: SequenceCell): tf.LayerVariable[] {
  const known = weightsOf(cell);
  const all = cell.ownEquations === 'none' ? known : (cell as unknown as tf.layers.Layer).weights;
  return [...known, ...all.filter((weight) => !known.includes(weight))];
}

function statesBefore({ trace, goBackwards }: GradientFlow, t: number): [tf.Tensor2D, tf.Tensor2D] {
  const previous = goBackwards ? t + 1 : t - 1;
  const isFirst = previous < 0 || previous >= trace.h.shape[1];
  if (isFirst) return [trace.h0, trace.c0];
  return [stepOfSequence(trace.h, previous), stepOfSequence(trace.c, previous)];
}

function stepOfSequence(sequence: tf.Tensor3D, t: number): tf.Tensor2D {
  return tf.squeeze(tf.slice(sequence, [0, t, 0], [-1, 1, -1]), [1]);
}

import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import { tidy } from '../../core/tidy.js';
import { NO_DROPOUT } from '../../core/weighted-sum.js';
import { hookMethod } from '../../host/hook-method.js';
import { watchedGradients } from '../../host/watched-gradients.js';
import type { SequenceCell } from '../../sequence/sequence.js';
import { stepCell } from '../../sequence/step-cell.js';
import type { GradientFlow } from './flow-types.js';
import { because } from './refusals.js';

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
    const widths = cell.stateNames.map((name) => cell.widthOf(name));
    const components = widths.reduce((sum, width) => sum + width, 0);
    const copies = <T extends tf.Tensor>(rows: T) =>
      tf.reshape(tf.tile(tf.expandDims(rows, 1), [1, components, 1]), [batch * components, -1]) as tf.Tensor2D;
    const lookedAt = tf.tile(tf.eye(components), [batch, 1]);
    const before = statesBefore(flow, cell, t).map(copies);
    const step = () => {
      const computed = stepCell(cell, copies(stepOfSequence(x, t)), before, NO_DROPOUT);
      return sideBySide(cell.stateNames.map((name) => computed[name] as tf.Tensor2D));
    };
    const refusal = (cause: unknown) => {
      const rule = `the cell must compute its steps by differentiable operations${because(cause)}`;
      return invalidArgument(where, rule, cell.getClassName(), { layer: cell.name, cause });
    };
    const { gradientOf } = withWeightsOf(flow, cell, () => watchedGradients(before, step, refusal, lookedAt));
    // A cell may have a state that its steps do not read, as h without a recurrent kernel.
    const gradients = before.map((state) => gradientOf(state) ?? tf.zerosLike(state));
    const jacobian = tf.reshape(sideBySide(gradients), [batch, components, components]) as tf.Tensor3D;
    if (trace.mask === null) return jacobian;
    const valid = tf.expandDims(tf.slice(trace.mask, [0, t], [-1, 1]), 2);
    return tf.where(valid, jacobian, tf.tile(tf.expandDims(tf.eye(components), 0), [batch, 1, 1])) as tf.Tensor3D;
  });
}

function sideBySide(tensors: tf.Tensor[]): tf.Tensor {
  // The gradient of tf.concat throws where it has one input: tfjs hands it a tensor, not a list.
  return tensors.length === 1 ? (tensors[0] as tf.Tensor) : tf.concat(tensors, 1);
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

/** The weights that a cell lists, in its order: kernel, recurrent kernel and, if there is one, bias of the plain LSTM. */
export function weightsInOrder(cell: SequenceCell): tf.LayerVariable[] {
  const holder = cell as unknown as Record<string, tf.LayerVariable>;
  return cell.weightFacts.map(({ property }) => holder[property] as tf.LayerVariable);
}

/** All that a step may read: the weights that a cell lists, and then what one with equations of its own has besides. */
export function weightsOfSteps(cell: SequenceCell): tf.LayerVariable[] {
  const known = weightsInOrder(cell);
  const all = cell.ownEquations === 'none' ? known : (cell as unknown as tf.layers.Layer).weights;
  return [...known, ...all.filter((weight) => !known.includes(weight))];
}

function statesBefore({ trace, goBackwards }: GradientFlow, cell: SequenceCell, t: number): tf.Tensor2D[] {
  const previous = goBackwards ? t + 1 : t - 1;
  const isFirst = previous < 0 || previous >= trace.h.shape[1];
  return cell.stateNames.map((name) =>
    isFirst ? (trace.initialStates[name] as tf.Tensor2D) : stepOfSequence(trace.states[name] as tf.Tensor3D, previous),
  );
}

function stepOfSequence(sequence: tf.Tensor3D, t: number): tf.Tensor2D {
  return tf.squeeze(tf.slice(sequence, [0, t, 0], [-1, 1, -1]), [1]);
}

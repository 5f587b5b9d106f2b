import * as tf from '@tensorflow/tfjs';
import { invalidState } from '../core/errors.js';
import type { CellStep, States } from '../core/step.js';
import { type DropoutMasks, type GateDropoutMasks, keepCandidate, type StepMasks } from '../core/weighted-sum.js';
import { hasPreActivations, type SequenceCell } from './sequence.js';

/**
 * One timestep of a cell as everything runs it: by its equations, with dropout, and with zoneout of its states (Krueger et
 * al. 2017, "Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations"). To be called within a tidy.
 *
 * @param x `[B, D]`.
 * @param dropoutMasks `NO_DROPOUT` in inference, where a state is the mean of what zoneout makes of it in training.
 */
export function stepCell(cell: SequenceCell, x: tf.Tensor2D, states: States, dropoutMasks: DropoutMasks): CellStep {
  const stepInput = hasPreActivations(cell) ? cell.projectInput(x, dropoutMasks.input) : x;
  return stepCellFrom(cell, stepInput, states, dropoutMasks);
}

/** The same from what the step reads of the input: x·W + b, `[B, 4U]`, or x itself where all of the step is the cell's own. */
export function stepCellFrom(
  cell: SequenceCell,
  stepInput: tf.Tensor2D,
  states: States,
  dropoutMasks: DropoutMasks,
): CellStep {
  const drawn = dropoutMasks.drawStep?.(stepInput.shape[0]) ?? null;
  const computed = hasPreActivations(cell)
    ? stepWithCandidate(cell, stepInput, states, dropoutMasks.recurrent, drawn)
    : wholeStep(cell, stepInput, states, dropoutMasks);
  return hasZoneout(cell) ? zonedOut(cell, computed, states, drawn) : computed;
}

export function hasZoneout({ zoneout, zoneoutCell }: Pick<SequenceCell, 'zoneout' | 'zoneoutCell'>): boolean {
  return zoneout > 0 || zoneoutCell > 0;
}

function stepWithCandidate(
  cell: SequenceCell,
  projectedInput: tf.Tensor2D,
  states: States,
  recurrentDropoutMasks: GateDropoutMasks,
  drawn: StepMasks | null,
): CellStep {
  const dropoutMask = drawn?.candidate ?? null;
  if (dropoutMask === null) {
    return cell.stepFromProjectedInput(projectedInput, states, recurrentDropoutMasks, keepCandidate);
  }
  let isDropped = false;
  const computed = cell.stepFromProjectedInput(projectedInput, states, recurrentDropoutMasks, (g) => {
    isDropped = true;
    return tf.mul(g, dropoutMask);
  });
  if (isDropped) return computed;
  const rule = `candidateDropout must be 0 for a cell of class ${cell.getClassName()}, whose stepFromProjectedInput does not call its dropCandidate`;
  throw invalidState('LSTMCell.call', rule, cell.name);
}

/** One timestep of a whole step's own cell, with dropout as tfjs has it: one dropout mask for all gates. */
function wholeStep(
  cell: SequenceCell,
  x: tf.Tensor2D,
  [h, ...others]: States,
  { input, recurrent }: DropoutMasks,
): CellStep {
  const dropOut = (value: tf.Tensor2D, [dropoutMask]: GateDropoutMasks) =>
    dropoutMask === undefined ? value : (tf.mul(value, dropoutMask) as tf.Tensor2D);
  return cell.step(dropOut(x, input), [dropOut(h as tf.Tensor2D, recurrent), ...others]);
}

/** The new states where they are updated, and the previous ones elsewhere. */
function zonedOut(cell: SequenceCell, computed: CellStep, states: States, drawn: StepMasks | null): CellStep {
  const shown: Record<string, tf.Tensor2D> = { ...computed };
  const rates: Record<string, number> = { h: cell.zoneout, c: cell.zoneoutCell };
  for (const [n, name] of cell.stateNames.entries()) {
    const rate = rates[name] ?? 0;
    if (rate === 0) continue;
    const before = states[n] as tf.Tensor2D;
    const after = computed[name] as tf.Tensor2D;
    const updates = drawn?.updates[name];
    // Selected, not multiplied: no gradient goes where the value did not.
    shown[name] = updates === undefined ? mean(rate, before, after) : tf.where(updates, after, before);
  }
  return shown;
}

function mean(rate: number, before: tf.Tensor2D, after: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.mul(before, rate), tf.mul(after, 1 - rate));
}

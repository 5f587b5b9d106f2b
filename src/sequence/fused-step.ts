import * as tf from '@tensorflow/tfjs';
import type { States } from '../core/step.js';
import type { DropoutMasks } from '../core/weighted-sum.js';
import { observersOf } from './observe.js';
import { chooseForSequence, runSequence } from './run-sequence.js';
import type { SequenceCell } from './sequence.js';

/**
 * Takes a cell through one timestep on a fused kernel, as a sequence of one. To be called within a tidy.
 *
 * @param x `[B, D]`.
 * @param dropoutMasks Draws those of the step, where a fused kernel applies.
 * @param isTraining Whether there may be dropout masks.
 * @returns The new states, in the order of the cell's `stateNames`; null where no fused kernel applies, or an observer looks
 *   into the step.
 */
export function stepOnFusedKernel(
  cell: SequenceCell,
  x: tf.Tensor2D,
  states: States,
  dropoutMasks: () => DropoutMasks,
  isTraining: boolean,
): States | null {
  const [batch, features] = x.shape;
  if (batch === 0 || observersOf(cell).length > 0) return null;
  const { fusedKernel } = chooseForSequence(
    cell,
    { x: { shape: [batch, 1, features] }, mask: null },
    { where: 'LSTMCell.call', layer: cell.name, useFused: 'auto', isTraining, keepsGates: false },
  );
  if (fusedKernel === null) return null;
  const sequence = { x: tf.reshape(x, [batch, 1, features]) as tf.Tensor3D, states, mask: null };
  const options = { goBackwards: false, zeroOutputForMask: false, keepOutputs: false, keepGates: false };
  return runSequence(fusedKernel, cell, { ...sequence, dropoutMasks: dropoutMasks() }, options).states;
}

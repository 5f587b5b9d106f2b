import type * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import type { BuiltInCell, Kwargs } from '../../host/types.js';
import { stepOnFusedKernel } from '../../sequence/fused-step.js';
import { cellToRun } from '../foreign-lstm.js';
import { hasKeptDropout, keptDropoutMasks } from '../kept-dropout.js';
import { type BuiltInClasses, fitsDropout, hasWeights, isReal } from './built-in-call.js';

/**
 * Takes a tfjs cell through one step on a fused kernel.
 *
 * @returns `[h', h', c']`, each [B, U]; null where no fused kernel applies, or what the cell is given is not as it should be.
 */
export function stepAccelerated(
  classes: BuiltInClasses,
  cell: BuiltInCell,
  inputs: tf.Tensor | tf.Tensor[],
  kwargs: Kwargs | null | undefined,
): tf.Tensor[] | null {
  if (cell.constructor !== classes.cell || kwargs == null || !Array.isArray(inputs) || inputs.length !== 3) return null;
  const [x, h, c] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const features = cell.kernel?.shape[0] ?? null;
  if (features === null || !isReal(x, [null, features]) || !hasWeights(cell, features)) return null;
  if (![h, c].every((state) => isReal(state, [x.shape[0], cell.units])) || !fitsDropout(cell, x)) return null;
  const isTraining = Boolean(kwargs.training);
  return tidy(() => {
    const masks = () => keptDropoutMasks(cell, x.shape[0], isTraining);
    const states = stepOnFusedKernel(cellToRun(cell), x, [h, c], masks, hasKeptDropout(cell));
    if (states === null) return null;
    const [newH, newC] = states as [tf.Tensor2D, tf.Tensor2D];
    return [newH, newH, newC];
  });
}

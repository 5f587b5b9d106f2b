import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../core/quantities.js';
import type { DropoutMasks } from '../core/weighted-sum.js';
import type { BuiltInCell } from '../host/types.js';
import { type DropoutFunction, dropoutFunction } from './dropout.js';

type Field = 'dropoutMask' | 'recurrentDropoutMask';
type Holder = Record<Field, tf.Tensor | tf.Tensor[] | null>;

/**
 * The dropout masks of a tfjs cell that is called outside `tf.layers.lstm`. It draws them at its first call, four of each
 * of which it uses the first, and keeps them for good: ones where that call was made in inference.
 */
export function keptDropoutMasks(cell: BuiltInCell, batch: number, isTraining: boolean): DropoutMasks {
  const masks = (field: Field) => {
    const { rate, width } = factsOf(cell, field);
    if (!dropsOut(rate)) return [];
    const holder = cell as unknown as Holder;
    holder[field] ??= GATE_NAMES.map(() => tf.keep(newMask(cell, rate, [batch, width], isTraining)));
    return [holder[field]].flat().slice(0, 1) as tf.Tensor[];
  };
  const input = masks('dropoutMask');
  return { input, recurrent: masks('recurrentDropoutMask') };
}

/** Whether a tfjs cell multiplies by dropout masks, be it in training or not. */
export function hasKeptDropout({ dropout, recurrentDropout }: BuiltInCell): boolean {
  return dropsOut(dropout) || dropsOut(recurrentDropout);
}

/** Whether the dropout masks that a tfjs cell has kept, if any, are of this batch size. Else it throws, or broadcasts. */
export function fitsKeptDropout(cell: BuiltInCell, batch: number): boolean {
  return (['dropoutMask', 'recurrentDropoutMask'] as const).every((field) => {
    const { rate, width } = factsOf(cell, field);
    const kept = (cell as unknown as Holder)[field];
    if (kept === null || !dropsOut(rate)) return true;
    const [mask] = [kept].flat();
    return mask?.isDisposed === false && tf.util.arraysEqual(mask.shape, [batch, width]);
  });
}

/** A rate that was clipped to 1 drops nothing. */
function dropsOut(rate: number): boolean {
  return 0 < rate && rate < 1;
}

function factsOf(cell: BuiltInCell, field: Field): { rate: number; width: number } {
  return field === 'dropoutMask'
    ? { rate: cell.dropout, width: cell.kernel.shape[0] as number }
    : { rate: cell.recurrentDropout, width: cell.units };
}

function newMask(cell: BuiltInCell, rate: number, shape: [number, number], isTraining: boolean): tf.Tensor {
  if (!isTraining) return tf.ones(shape);
  const draw = (cell.dropoutFunc as DropoutFunction | undefined) ?? dropoutFunction(undefined);
  // A copy, as what is drawn may be the caller's.
  return tf.clone(draw(tf.ones(shape), rate));
}

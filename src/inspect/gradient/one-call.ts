import type * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { lstmToRun } from '../../layers/foreign-lstm.js';
import type { TraceOptions } from '../../layers/trace.js';
import { readCallOf } from '../../sequence/read-call.js';
import type { Sequence, SequenceCell } from '../../sequence/sequence.js';
import { requireLayer } from '../model/require-layer.js';

/** One call of a layer, checked. */
export interface OneCall {
  name: string;
  cell: SequenceCell;
  goBackwards: boolean;
  sequence: Sequence;
}

/**
 * Checks what a layer is to run on, in inference mode.
 *
 * @throws RangeError; Error for a layer that is not built.
 */
export function oneCall(
  where: string,
  layer: tf.layers.Layer,
  x: tf.Tensor,
  { initialState, mask }: Pick<TraceOptions, 'initialState' | 'mask'>,
): OneCall {
  const lstm = requireLayer(where, layer);
  const toRun = lstmToRun(lstm);
  const sequence = readCallOf(where, toRun, x, { initialState, mask });
  const { name, cell, goBackwards } = toRun;
  if (x.shape[0] === 0) throw invalidArgument(where, 'x must have one sample or more', x.shape, { layer: name });
  return { name, cell, goBackwards, sequence };
}

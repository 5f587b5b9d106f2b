import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { concreteInputs } from '../../layers/call-inputs.js';
import { NO_DROPOUT } from '../../layers/dropout.js';
import { explicitView } from '../../layers/explicit-view.js';
import type { LSTMCell } from '../../layers/lstm-cell.js';
import type { Sequence, States } from '../../layers/run-sequence.js';
import type { TraceOptions } from '../../layers/trace.js';
import { requireLayer } from '../model/require-layer.js';

/** One call of a layer, checked. */
export interface OneCall {
  name: string;
  cell: LSTMCell;
  goBackwards: boolean;
  /** To be called within a tidy: the states may be new. */
  sequence(): Sequence;
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
  const own = lstm.stateful ? (lstm.states as tf.Tensor[]) : null;
  const { cell } = explicitView(lstm);
  const { goBackwards, name } = lstm;
  const checked = { name, cell, batchSize: own?.[0]?.shape[0] ?? null };
  const inputs = concreteInputs(where, checked, x, { initialState, mask });
  if (x.shape[0] === 0) throw invalidArgument(where, 'x must have one sample or more', x.shape, { layer: name });
  const zeros = () => tf.zeros([inputs.x.shape[0], cell.units]) as tf.Tensor2D;
  return {
    ...{ name, cell, goBackwards },
    sequence: () => ({
      ...{ x: inputs.x, mask: inputs.mask, dropout: NO_DROPOUT },
      states: inputs.states ?? (own as States | null) ?? [zeros(), zeros()],
    }),
  };
}

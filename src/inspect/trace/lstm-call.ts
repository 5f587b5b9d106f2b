import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { tidy } from '../../core/tidy.js';
import { sharingData } from '../../host/sharing-data.js';
import { cellToRun } from '../../layers/foreign-lstm.js';
import { type GateTrace, traceLSTM, traceOfRun } from '../../layers/trace.js';
import type { Sequence } from '../../sequence/sequence.js';
import type { FoundLSTM } from '../model/find-lstms.js';
import type { Computed } from './computed.js';
import { disposeWayBack, type WayBack } from './way-back.js';

/** One call of an LSTM by a run of a model. */
export interface LSTMCall {
  lstm: FoundLSTM;
  /** What it was given: copies that no scope of the run disposes, and not checked, as tfjs broadcasts a mask. */
  sequence: Sequence;
  /** What it returned, for derivatives with respect to it, each time that the model ran it. */
  returned: Returned[];
  /** All that it computed, for the units asked for; null if the run does not provide it or was not asked. */
  computed: Computed | null;
}

/**
 * What a call returned. The tensors are read by nobody but those who read the layer's outputs, and are disposed with the
 * model's run.
 */
export interface Returned {
  /** The layer's outputs, in its order; none where nobody watches them. */
  outputs: tf.Tensor[];
  /** What one of stacked cells handed up to the next; null of the last and of an only cell, and where nobody watches. */
  handedUp: HandedUp | null;
  /** What tfjs's backward pass comes by as it goes over the run; null where what it returned is watched in its place. */
  wayBack: WayBack | null;
}

/**
 * The sequence itself, [B, T, U] in the order of processing; or zeros that were added to its steps, so that their gradient is
 * that of it: [N, B, U] each, in the same order, one after the other.
 */
export type HandedUp = { sequence: tf.Tensor3D } | { addedToSteps: tf.Tensor[] };

/** A copy, of the same data, that no tidy disposes. */
export function keptCopy<T extends tf.Tensor>(tensor: T): T {
  return tf.keep(sharingData(tensor)) as T;
}

/** A call, run once, of which nothing is known yet but what it was given. */
export function newCall(
  lstm: FoundLSTM,
  { x, states, mask, dropoutMasks }: Sequence,
  handedUp: HandedUp | null,
): LSTMCall {
  const sequence: Sequence = {
    x: keptCopy(x),
    states: states && (states.map(keptCopy) as Sequence['states']),
    mask: mask && keptCopy(mask),
    dropoutMasks,
  };
  return { lstm, sequence, returned: [{ outputs: [], handedUp, wayBack: null }], computed: null };
}

export function disposeCalls(calls: Iterable<LSTMCall>): void {
  for (const call of calls) {
    const { x, states, mask } = call.sequence;
    tf.dispose([x, ...(states ?? []), ...(mask === null ? [] : [mask])]);
    disposeComputed(call);
    for (const { wayBack } of call.returned) disposeWayBack(wayBack);
  }
}

function disposeComputed(call: LSTMCall): void {
  call.computed?.dispose();
  call.computed = null;
}

/**
 * The trace of a call: of what the model's run computed, or, where that is not known, of another run of the sequence. What
 * the call computed is disposed.
 *
 * @param units Those that were asked for when the model ran.
 * @throws RangeError for a mask that does not fit.
 */
export function traceOfCall(where: string, call: LSTMCall, units?: readonly number[]): GateTrace {
  requireFittingMask(where, call);
  const { lstm, sequence, computed } = call;
  const { goBackwards, name } = lstm.layer;
  const cell = cellToRun(lstm.lstmCell);
  if (computed === null) {
    const { x, states, mask } = sequence;
    return traceLSTM(where, { name, cell, goBackwards, states: null }, x, {
      initialState: states && [...states],
      mask,
      units,
    }).trace;
  }
  const sequences = () => computed.sequences(cell, sequence, goBackwards);
  const trace = tidy(() => traceOfRun(cell, sequence, sequences(), { goBackwards, keptUnits: units }));
  disposeComputed(call);
  return trace;
}

/** A mask comes from the layers before, and tfjs itself may broadcast it. */
function requireFittingMask(where: string, { lstm, sequence: { x, mask } }: LSTMCall): void {
  const [batch, timesteps] = x.shape;
  if (mask === null || tf.util.arraysEqual(mask.shape, [batch, timesteps])) return;
  const rule = `the mask that this layer receives from the layers before it must be [B, T] = [${batch}, ${timesteps}]`;
  throw invalidArgument(where, rule, mask.shape, { layer: lstm.layer.name });
}

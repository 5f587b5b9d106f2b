import * as tf from '@tensorflow/tfjs';
import { hookMethod } from '../../host/hook-method.js';
import { afterNodeRuns } from '../../host/node-runs.js';
import type { Kwargs } from '../../host/types.js';
import { leavingModelAlone } from '../model/model-left-alone.js';
import { type Place, placesOf } from '../model/places.js';
import { CallRecorder, type Wishes } from './call-recorder.js';
import type { LSTMCall } from './lstm-call.js';

/**
 * Runs a model once, in inference mode, and returns what each of its LSTMs was given, call by call. The model is left as
 * it was, also when it throws. The caller disposes the calls.
 *
 * @param inputs One tensor for each input of the model, checked.
 */
export function observeCalls(
  model: tf.LayersModel,
  inputs: tf.Tensor[],
  wishes: Pick<Wishes, 'traceUnits'> = {},
): LSTMCall[] {
  return observing(model, wishes, () => tf.dispose(model.predictOnBatch(oneOrList(inputs)))).calls;
}

/**
 * The same around whatever runs the model, once.
 */
export function observing<Result>(
  model: tf.LayersModel,
  wishes: Wishes,
  run: () => Result,
): { calls: LSTMCall[]; result: Result } {
  const root = placesOf(model);
  const recorder = new CallRecorder(root, wishes);
  const undo: (() => void)[] = [];
  try {
    hook(root, recorder, undo);
    const result = leavingModelAlone(model, run);
    return { calls: recorder.finish(), result };
  } catch (error) {
    recorder.dispose();
    throw error;
  } finally {
    for (const unhook of undo) unhook();
  }
}

/** What tfjs's methods take for the inputs of a model. */
export function oneOrList(inputs: tf.Tensor[]): tf.Tensor | tf.Tensor[] {
  return inputs.length === 1 ? (inputs[0] as tf.Tensor) : inputs;
}

function hook(root: Place, recorder: CallRecorder, undo: (() => void)[]): void {
  const hooked = new Set<tf.layers.Layer>();
  for (const { layer, lstms } of placesWithin(root)) {
    if (hooked.has(layer)) continue;
    hooked.add(layer);
    const isReplaced = Object.hasOwn(layer, 'call');
    undo.push(
      hookMethod(
        layer,
        'call',
        (call) => (inputs, kwargs: Kwargs) =>
          recorder.aroundLayer(layer, { inputs, kwargs: kwargs ?? {}, isReplaced }, () => call(inputs, kwargs)),
      ),
      afterNodeRuns(layer, (node) => recorder.afterNode(layer, node)),
    );
    for (const { lstmCell } of lstms) {
      // A layer over one cell is observed as a whole, and may then run on a fused kernel.
      if (hooked.has(lstmCell) || (layer as tf.layers.RNN & { cell: unknown }).cell === lstmCell) continue;
      hooked.add(lstmCell);
      undo.push(
        hookMethod(lstmCell as tf.layers.RNNCell, 'call', (call) => (inputs, kwargs) => {
          return recorder.aroundCell(lstmCell, [inputs].flat(), () => call(inputs, kwargs));
        }),
      );
    }
  }
}

function placesWithin(place: Place): Place[] {
  return place.held.flatMap((held) => [held, ...placesWithin(held)]);
}

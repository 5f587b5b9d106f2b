import * as tf from '@tensorflow/tfjs';
import { hookMethod } from '../../host/hook-method.js';
import { afterNodeRuns } from '../../host/node-runs.js';
import type { Kwargs } from '../../host/types.js';
import { type Place, placesOf } from '../model/find-lstms.js';
import { type ModelInputs, modelInputs } from '../model/model-data.js';
import { leavingModelAlone } from '../model/model-left-alone.js';
import { CallRecorder } from './call-recorder.js';
import type { Wishes } from './follow-layer.js';
import { disposeCalls, type LSTMCall } from './lstm-call.js';
import { type CallName, nameCalls } from './numbered-calls.js';

/**
 * Runs a model once, in inference mode, and returns what each of its LSTMs was given, call by call. The model is left as
 * it was, also when it throws. The caller disposes the calls.
 *
 * @param inputs One tensor for each input of the model, checked.
 */
export function observeCalls(
  model: tf.LayersModel,
  inputs: tf.Tensor[],
  wishes: Pick<Wishes, 'keptUnits'> = {},
): LSTMCall[] {
  return observing(model, wishes, () => tf.dispose(model.predictOnBatch(oneOrList(inputs)))).calls;
}

/** Runs a model once, and tells of each call of an LSTM how large something is, in the order of the calls. */
export function sizesOfCalls<Size extends object>(
  where: string,
  model: tf.LayersModel,
  inputs: ModelInputs,
  sizeOf: (call: LSTMCall) => Size,
): (CallName & Size)[] {
  const { list, dispose } = modelInputs(where, model, inputs);
  let calls: LSTMCall[] = [];
  try {
    calls = observeCalls(model, list);
    const names = nameCalls(calls);
    return calls.map((call, n) => ({ ...(names[n] as CallName), ...sizeOf(call) }));
  } finally {
    dispose();
    disposeCalls(calls);
  }
}

/**
 * The same as `observeCalls` around whatever runs the model, once.
 *
 * @param root The model's places, where they are known.
 */
export function observing<Result>(
  model: tf.LayersModel,
  wishes: Wishes,
  run: () => Result,
  root = placesOf(model),
): { calls: LSTMCall[]; result: Result } {
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
  for (const { layer } of placesWithin(root)) {
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
  }
}

function placesWithin(place: Place): Place[] {
  return place.held.flatMap((held) => [held, ...placesWithin(held)]);
}

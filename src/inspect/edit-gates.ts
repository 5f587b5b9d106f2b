import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import type { LSTMStep } from '../core/step.js';
import { tidy } from '../core/tidy.js';
import { explicitView, isExplicitLSTM, type LSTMLike, setStepEdit, stepEditOf } from '../layers/explicit-view.js';
import type { LSTM } from '../layers/lstm.js';
import type { StepEdit } from '../layers/lstm-cell.js';
import { requireUsable } from '../layers/validate-call.js';
import { requireLayer } from './require-layer.js';

/**
 * Replaces quantities of one timestep. What is returned takes the place of what was computed; from a replaced gate the
 * new c and h follow, from a replaced c the new h.
 *
 * @param step i, f, g, o, c and h as computed, each [B, U].
 * @param t The input's timestep.
 */
export type GateEdit = (step: LSTMStep, t: number) => Partial<LSTMStep> | undefined;

/**
 * Intervenes in an LSTM: while `run` executes, `edit` may replace any of i, f, g, o, c and h at any timestep. The layer
 * may be this package's or a built-in one, alone or inside a model; afterwards it is as it was before.
 *
 * ```ts
 * // What would the model say if unit 3 never forgot?
 * const prediction = editGates(model.getLayer('lstm'), ({ f }) => ({ f: withUnits(f, [3], 1) }), () => model.predict(x));
 * ```
 *
 * Differentiable, and seen by `traceLayer` and `traceModel` within `run`. Edits of one layer may be nested: the outer one
 * comes first.
 *
 * @param layer A built LSTM, or `tf.layers.rnn` over one LSTM cell; of Bidirectional its `forwardLayer` or
 *   `backwardLayer`.
 * @param run What to do meanwhile; if it returns a promise, until that is settled.
 * @returns What `run` returns.
 * @throws RangeError for a layer that is not an LSTM, and for an edit that returns something else than tensors [B, U]
 *   of known names; Error for a layer that is not built.
 */
export function editGates<Result>(layer: tf.layers.Layer, edit: GateEdit, run: () => Result): Result {
  const where = 'editGates';
  const lstm = requireLayer(where, layer);
  if (typeof edit !== 'function') throw invalidArgument(where, 'edit must be a function', edit, { layer: lstm.name });
  if (typeof run !== 'function') throw invalidArgument(where, 'run must be a function', run, { layer: lstm.name });
  const restore = startEditing(lstm, edit);
  let result: Result;
  try {
    result = run();
  } catch (error) {
    restore();
    throw error;
  }
  if (!(result instanceof Promise)) {
    restore();
    return result;
  }
  return result.finally(restore) as Result;
}

/** Puts the edit in place, and returns what takes it away again. */
function startEditing(layer: LSTMLike, edit: GateEdit): () => void {
  const { cell } = layer;
  const outer = stepEditOf(cell);
  const own = stepEdit(cell, edit);
  setStepEdit(cell, outer === null ? own : (step, states, t) => own(outer(step, states, t), states, t));
  const restoreCall = isExplicitLSTM(layer)
    ? () => {}
    : callThroughView(layer, explicitView(layer, { returnState: true }));
  return () => {
    setStepEdit(cell, outer);
    restoreCall();
  };
}

/** Lets a layer that is not this package's run through its explicit view, and returns what ends that. */
function callThroughView(layer: LSTMLike, view: LSTM): () => void {
  const outer = Object.getOwnPropertyDescriptor(layer, 'call');
  layer.call = (inputs, kwargs = {}) =>
    tidy(() => {
      const [x, ...given] = Array.isArray(inputs) ? inputs : [inputs];
      const own = layer.stateful ? layer.states : undefined;
      const initialState = given.length > 0 ? given : (kwargs.initialState ?? own);
      const [output, h, c] = view.call(x as tf.Tensor, { ...kwargs, initialState }) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      if (layer.stateful) layer.resetStates([h, c], kwargs.training);
      return layer.returnState ? [output, h, c] : output;
    });
  return () => {
    if (outer === undefined) delete (layer as Partial<LSTMLike>).call;
    else Object.defineProperty(layer, 'call', outer);
  };
}

/** A person's edit as a cell knows it: with all that follows from what was replaced. */
function stepEdit(cell: LSTMLike['cell'], edit: GateEdit): StepEdit {
  return (computed, [, previousC], t) => {
    const replaced = edit({ ...computed }, t) ?? {};
    requireEdited(replaced, computed);
    // A clone, since what the edit returns may be the caller's to keep.
    const result = (name: keyof LSTMStep) => (replaced[name] ? tf.clone(replaced[name]) : computed[name]);
    const [i, f, g, o] = [result('i'), result('f'), result('g'), result('o')];
    const cFollows = replaced.c === undefined && (replaced.i ?? replaced.f ?? replaced.g) !== undefined;
    const newC = cFollows ? (tf.add(tf.mul(f, previousC), tf.mul(i, g)) as tf.Tensor2D) : result('c');
    const hFollows = replaced.h === undefined && (cFollows || (replaced.o ?? replaced.c) !== undefined);
    const newH = hFollows ? (tf.mul(o, cell.activation.apply(newC)) as tf.Tensor2D) : result('h');
    return { i, f, g, o, c: newC, h: newH };
  };
}

function requireEdited(replaced: Partial<LSTMStep>, computed: LSTMStep): void {
  // Most of all a promise, which an async edit returns, and which would change nothing.
  if (typeof replaced !== 'object' || replaced instanceof Promise) {
    throw invalidArgument('editGates', 'edit must return an object of tensors, or nothing', replaced);
  }
  for (const [name, value] of Object.entries(replaced)) {
    const expected = computed[name as keyof LSTMStep]?.shape;
    if (expected === undefined) {
      throw invalidArgument('editGates', `edit must return some of ${Object.keys(computed).join(', ')}`, name);
    }
    if (value === undefined) continue;
    if (!(value instanceof tf.Tensor) || !tf.util.arraysEqual(value.shape, expected)) {
      const received = value instanceof tf.Tensor ? value.shape : value;
      throw invalidArgument('editGates', `${name} must be [B, U] = [${expected.join(', ')}]`, received);
    }
    requireUsable('editGates', name, value);
  }
}

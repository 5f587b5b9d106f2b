import * as tf from '@tensorflow/tfjs';
import { requireUsable } from '../../core/check-tensor.js';
import { invalidArgument } from '../../core/errors.js';
import { type CellStep, type LSTMStep, nextCellState, nextHiddenState } from '../../core/step.js';
import { hookMethod } from '../../host/hook-method.js';
import { callForeign, cellToRun, isExplicitLSTM, type LSTMLike } from '../../layers/foreign-lstm.js';
import { observe, type StepEdit } from '../../sequence/observe.js';
import { hasZoneout } from '../../sequence/step-cell.js';
import { requireLayer } from '../model/require-layer.js';

/**
 * Replaces quantities of one timestep. What it returns, or sets on `step`, replaces what was computed. The new c and h
 * follow from a replaced gate, and the new h from a replaced c. If a cell computes its steps itself, what follows is not
 * known: then return c and h along with a gate, and h along with c.
 *
 * @param step i, f, g, o, c and h as computed, each [B, U].
 * @param t The timestep, in the order of the input.
 */
export type GateEdit = (step: LSTMStep, t: number) => Partial<LSTMStep> | undefined;

/** A step of which some is replaced. */
type SomeOfStep = Readonly<Record<string, tf.Tensor2D | undefined>>;

/**
 * Intervenes in an LSTM: while `run` executes, `edit` may replace any of i, f, g, o, c and h at any timestep. The layer may
 * be this package's or a built-in one, alone or inside a model. Afterwards it is as before.
 *
 * ```ts
 * // What would the model predict if unit 3 never forgot?
 * const prediction = editGates(model.getLayer('lstm'), ({ f }) => ({ f: withUnits(f, [3], 1) }), () => model.predict(x));
 * ```
 *
 * Edits are differentiable. Edits of one layer may be nested: the outer one comes first. Traces made by `run` show the
 * edited values.
 *
 * @param layer A built LSTM, or `tf.layers.rnn` over one LSTM cell; for Bidirectional, its `forwardLayer` or
 *   `backwardLayer`.
 * @param edit Called at every timestep with the six quantities, each [B, U]; returns the ones to replace, or nothing.
 * @param run What to run with the edit in place; if it returns a promise, the edit stays until it is settled.
 * @returns What `run` returns.
 * @throws RangeError for a layer that is not an LSTM, and for an edit that returns anything but tensors [B, U] of known
 *   names; Error for a layer that is not built.
 * @category What would happen if
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
  if (!isThenable(result)) {
    restore();
    return result;
  }
  return Promise.resolve(result).finally(restore) as Result;
}

/** A promise, be it of another realm or another library, such as those of Node's own modules under Jest. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

/** Puts the edit in place, and returns what takes it away again, in whatever order several of them end. */
function startEditing(layer: LSTMLike, edit: GateEdit): () => void {
  const endObserving = observe(layer.cell, { editStep: stepEdit(layer.cell, edit) });
  const endDetour = isExplicitLSTM(layer) ? () => {} : startDetour(layer);
  return () => {
    endObserving();
    endDetour();
  };
}

/** How many edits there are of a layer that is not this package's, and what ends its detour after the last. */
const detours = new WeakMap<LSTMLike, { edits: number; restoreCall: () => void }>();

/** Has a layer that is not this package's run by it, and returns what ends that. */
function startDetour(layer: LSTMLike): () => void {
  const through: LSTMLike['call'] = (inputs, kwargs = {}) => callForeign('LSTM.call', layer, inputs, kwargs);
  const detour = detours.get(layer) ?? { edits: 0, restoreCall: hookMethod(layer, 'call', () => through) };
  detours.set(layer, detour);
  detour.edits += 1;
  return () => {
    detour.edits -= 1;
    if (detour.edits > 0) return;
    detours.delete(layer);
    detour.restoreCall();
  };
}

/** A person's edit as a cell knows it: with all that follows from what was replaced. */
function stepEdit(cell: LSTMLike['cell'], edit: GateEdit): StepEdit {
  return (computed, states, t) => {
    const given = { ...computed };
    // What a variant's cell has in the place of i, f, g, o, c and h is its author's and its user's to know.
    const returned = (edit(given as LSTMStep, t) ?? {}) as SomeOfStep;
    requireObject(returned);
    const replaced: SomeOfStep = { ...changesOf(given, computed), ...returned };
    requireEdited(replaced, computed);
    // A clone, since what the edit returns may be the caller's to keep.
    const step: Record<string, tf.Tensor2D> = { ...computed };
    for (const [name, value] of Object.entries(replaced)) if (value !== undefined) step[name] = tf.clone(value);
    const run = cellToRun(cell);
    const isOwnClass = run.ownEquations !== 'none';
    if (isOwnClass || hasZoneout(run)) {
      const why = isOwnClass
        ? `the cell of class ${cell.getClassName()} computes its steps itself`
        : 'zoneout is applied';
      requireStatesToo(cell, run.stateNames, replaced, why);
      return step;
    }
    const { i, f, g, o } = step as LSTMStep;
    const cFollows = replaced.c === undefined && (replaced.i ?? replaced.f ?? replaced.g) !== undefined;
    const hFollows = replaced.h === undefined && (cFollows || (replaced.o ?? replaced.c) !== undefined);
    if (cFollows) step.c = nextCellState({ i, f, g }, states[1] as tf.Tensor2D);
    if (hFollows) step.h = nextHiddenState(o, step.c as tf.Tensor2D, (x) => cell.activation.apply(x) as tf.Tensor2D);
    return step;
  };
}

/** What follows from a gate or a state is known where the six equations say it. From h, the last, nothing follows. */
function requireStatesToo(
  cell: LSTMLike['cell'],
  stateNames: readonly string[],
  replaced: SomeOfStep,
  why: string,
): void {
  const given = Object.keys(replaced).filter((name) => replaced[name] !== undefined);
  const isComplete = given.every((name) => name === 'h') || stateNames.every((name) => given.includes(name));
  if (isComplete) return;
  const all = [...stateNames].reverse().join(' and ');
  const rule = `edit must return ${all} as well, or h alone: ${why}, so what follows from a gate is not known`;
  throw invalidArgument('editGates', rule, given, { layer: cell.name });
}

/** What an edit replaced in place, instead of returning it. */
function changesOf(given: CellStep, computed: CellStep): SomeOfStep {
  const names = Object.keys(given);
  return Object.fromEntries(names.filter((name) => given[name] !== computed[name]).map((name) => [name, given[name]]));
}

/** Most of all not a promise, which an async edit returns, and which would change nothing. */
function requireObject(returned: unknown): void {
  if (typeof returned !== 'object' || isThenable(returned)) {
    throw invalidArgument('editGates', 'edit must return an object of tensors, or nothing', returned);
  }
}

function requireEdited(replaced: SomeOfStep, computed: CellStep): void {
  for (const [name, value] of Object.entries(replaced)) {
    const expected = computed[name]?.shape;
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

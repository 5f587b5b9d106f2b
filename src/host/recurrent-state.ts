import * as tf from '@tensorflow/tfjs';
import { rememberOwnProperties } from '../core/own-properties.js';
import { isBuiltInLSTMCell } from './built-in-classes.js';

type Fields = Record<PropertyKey, unknown>;

/** What a run writes into an RNN: its states, and the shapes of given ones. */
const RNN_FIELDS = ['states_', 'stateSpec'];

/** The states of earlier batches, which a stateful RNN of tfjs keeps in training until its states are reset. */
const KEPT_STATES = 'keptStates';

/** Where tfjs's cells have their dropout masks. */
const DROPOUT_MASKS = ['dropoutMask', 'recurrentDropoutMask'];

/** tfjs's cells draw dropout masks in inference too, keep them for ever in tf.layers.rnn, and dispose them in others. */
const CELL_FIELDS = { dropout: 0, recurrentDropout: 0, dropoutMask: null, recurrentDropoutMask: null };

/**
 * Lends a layer copies of its states, which it disposes as it replaces them, and returns what puts back its own.
 *
 * Reliance: an RNN has its states in `states_`, the shapes of given ones in `stateSpec`, and what it keeps in `keptStates`. Checked each time
 * that a layer is stateful: it has both. Fallback: none.
 *
 * @throws Error where the states of a stateful layer would be lost.
 */
export function lendCopiesOfStates(layer: tf.layers.RNN): () => void {
  const fields = layer as unknown as Fields;
  const restore = rememberOwnProperties(layer, [...RNN_FIELDS, KEPT_STATES]);
  const states = (fields.states_ ?? null) as tf.Tensor[] | null;
  if (layer.stateful && !RNN_FIELDS.every((name) => Object.hasOwn(fields, name))) {
    throw new Error('this version of tfjs does not reveal where a layer keeps its states');
  }
  if (states === null) return restore;
  fields.states_ = states.map((state) => tf.keep(tf.clone(state)));
  if (Array.isArray(fields[KEPT_STATES])) fields[KEPT_STATES] = [];
  return () => {
    tf.dispose([fields.states_, fields[KEPT_STATES]] as tf.TensorContainer);
    restore();
  };
}

/**
 * Removes dropout and the dropout masks from a tfjs cell, and returns a function that restores them. Another
 * layer is left as it is.
 *
 * Reliance: a cell has the rates and dropout masks in fields of its own. Checked each time, for tfjs's own LSTM cells. Fallback:
 * none.
 *
 * @throws Error where a cell could drop something out.
 */
export function withoutDropout(layer: tf.layers.Layer): () => void {
  const fields = layer as unknown as Fields;
  const names = Object.keys(CELL_FIELDS).filter((name) => Object.hasOwn(fields, name));
  if (!(layer instanceof tf.layers.RNNCell)) return () => {};
  if (isBuiltInLSTMCell(layer) && names.length < Object.keys(CELL_FIELDS).length) {
    throw new Error('this version of tfjs does not reveal what a cell drops out');
  }
  const restore = rememberOwnProperties(layer, names);
  for (const name of names) fields[name] = CELL_FIELDS[name as keyof typeof CELL_FIELDS];
  return restore;
}

/** Lets a tfjs cell draw new dropout masks, and returns what disposes them and puts back the ones before. */
export function lendDropoutMasks(layer: tf.layers.Layer): () => void {
  const fields = layer as unknown as Fields;
  const names = DROPOUT_MASKS.filter((name) => layer instanceof tf.layers.RNNCell && Object.hasOwn(fields, name));
  const restore = rememberOwnProperties(layer, names);
  for (const name of names) fields[name] = null;
  return () => {
    tf.dispose(names.map((name) => fields[name]) as tf.TensorContainer);
    restore();
  };
}

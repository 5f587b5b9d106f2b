import * as tf from '@tensorflow/tfjs';
import { layersWithin } from '../../host/held-layers.js';
import { LAST_IMPLEMENTATION } from '../../layers/brand.js';

type Fields = Record<PropertyKey, unknown>;

/** What a run writes into an RNN: its states, the shapes of given ones, and what it ran on. */
const RNN_FIELDS = ['states_', 'stateSpec', 'lastImplementation', LAST_IMPLEMENTATION];

/** tfjs's cells draw dropout masks in inference too, keep them for ever in tf.layers.rnn, and dispose them in others. */
const CELL_FIELDS = { dropout: 0, recurrentDropout: 0, dropoutMask: null, recurrentDropoutMask: null };

/** Runs a model in inference mode so that all its tfjs RNNs and cells, LSTM or not, are afterwards what they were. */
export function leavingModelAlone<Result>(model: tf.LayersModel, run: () => Result): Result {
  const undo = [...layersWithin(model)].map((layer) =>
    layer instanceof tf.layers.RNN ? lendCopiesOfStates(layer) : withoutDropout(layer),
  );
  try {
    return run();
  } finally {
    for (const restore of undo) restore();
  }
}

/** The layer disposes states as it replaces them, so that it gets copies for the time being. */
function lendCopiesOfStates(layer: tf.layers.RNN): () => void {
  const fields = layer as unknown as Fields;
  const restore = remember(fields, RNN_FIELDS);
  const states = (fields.states_ ?? null) as tf.Tensor[] | null;
  if (states === null) return restore;
  fields.states_ = states.map((state) => tf.keep(tf.clone(state)));
  return () => {
    tf.dispose(fields.states_ as tf.Tensor[]);
    restore();
  };
}

function withoutDropout(layer: tf.layers.Layer): () => void {
  const fields = layer as unknown as Fields;
  const names = Object.keys(CELL_FIELDS).filter((name) => Object.hasOwn(fields, name));
  const isCell = layer instanceof tf.layers.RNNCell && names.length > 0;
  if (!isCell) return () => {};
  const restore = remember(fields, names);
  for (const name of names) fields[name] = CELL_FIELDS[name as keyof typeof CELL_FIELDS];
  return restore;
}

function remember(fields: Fields, names: PropertyKey[]): () => void {
  const properties = names.map((name) => [name, Object.getOwnPropertyDescriptor(fields, name)] as const);
  return () => {
    for (const [name, property] of properties) {
      if (property === undefined) delete fields[name];
      else Object.defineProperty(fields, name, property);
    }
  };
}

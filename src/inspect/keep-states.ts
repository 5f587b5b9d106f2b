import * as tf from '@tensorflow/tfjs';
import { layersWithin } from '../layers/held-layers.js';

/** Runs something that moves the states of a model's stateful layers on, and puts them back. */
export function withStatesKept<Result>(model: tf.LayersModel, run: () => Result): Result {
  const stateful = [...layersWithin(model)].filter(
    (layer): layer is tf.layers.RNN => layer instanceof tf.layers.RNN && layer.stateful,
  );
  const saved = stateful.map((layer) => ({ layer, states: layer.states.map((state) => tf.keep(tf.clone(state))) }));
  try {
    return run();
  } finally {
    for (const { layer, states } of saved) {
      layer.resetStates(states);
      tf.dispose(states);
    }
  }
}

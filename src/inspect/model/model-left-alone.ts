import * as tf from '@tensorflow/tfjs';
import { rememberOwnProperties } from '../../core/own-properties.js';
import { layersWithin } from '../../host/held-layers.js';
import { lendCopiesOfStates, withoutDropout } from '../../host/recurrent-state.js';
import { IMPLEMENTATION_FIELDS } from '../../layers/brand.js';

/** Runs a model in inference mode so that all its tfjs RNNs and cells, LSTM or not, are afterwards what they were. */
export function leavingModelAlone<Result>(model: tf.LayersModel, run: () => Result): Result {
  const undo: (() => void)[] = [];
  try {
    for (const layer of layersWithin(model)) {
      if (!(layer instanceof tf.layers.RNN)) undo.push(withoutDropout(layer));
      else undo.push(lendCopiesOfStates(layer), rememberOwnProperties(layer, IMPLEMENTATION_FIELDS));
    }
    return run();
  } finally {
    for (const restore of undo) restore();
  }
}

import * as tf from '@tensorflow/tfjs';
import { assignUnconstrained } from '../host/constrained-weight.js';
import { LSTM_BRAND } from '../layers/brand.js';
import type { Pairs } from './pair-layers.js';

/** Copies weights, `trainable` flags, the names of held layers, and the states of stateful ones. */
export function copyState({ layers, variables }: Pairs): void {
  copyTrainable({ layers, variables });
  for (const [variable, copy] of variables) {
    // LayerVariable.write would apply the constraint, which a built-in layer's trained weights need not keep.
    assignUnconstrained(copy, variable.read());
  }
  for (const [layer, copy] of layers) {
    copy.name = layer.name;
    if (layer instanceof tf.layers.RNN && layer.stateful) copyStates(layer, copy as tf.layers.RNN);
  }
}

// A layer's setter overwrites the flags of what it holds: held layers come after it, variables last.
function copyTrainable({ layers, variables }: Pairs): void {
  const cellsOfFrozenLSTMs = new Set<tf.layers.Layer>();
  for (const [layer, copy] of layers) {
    // The built-in's cell keeps `trainable: false` from its making for ever; ours leaves it to the layer.
    if (cellsOfFrozenLSTMs.has(copy)) continue;
    copy.trainable = layer.trainable;
    if (copy instanceof tf.layers.RNN && LSTM_BRAND in copy && !layer.trainable) cellsOfFrozenLSTMs.add(copy.cell);
  }
  for (const [variable, copy] of variables) copy.trainable = variable.trainable;
}

function copyStates(layer: tf.layers.RNN, copy: tf.layers.RNN): void {
  const states = layer.states as (tf.Tensor | null)[];
  if (states.every((state) => state !== null && !state.isDisposed)) copy.resetStates(states as tf.Tensor[]);
}

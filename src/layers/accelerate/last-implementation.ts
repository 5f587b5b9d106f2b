import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import type { Implementation } from '../../fused/choose.js';
import { builtInLSTMClass } from '../../host/built-in-classes.js';
import { LAST_IMPLEMENTATION } from '../brand.js';
import { isExplicitLSTM } from '../foreign-lstm.js';

/** From the first of nested calls of `accelerateBuiltIn` to the last undo. */
export interface Session {
  isOver: boolean;
}

type NotedLayer = tf.layers.RNN & { [LAST_IMPLEMENTATION]?: { implementation: Implementation; session: Session } };

/** Records what a layer's call runs on, in a property that is not enumerable. */
export function noteImplementation(layer: tf.layers.RNN, implementation: Implementation, session: Session): void {
  const value = { implementation, session };
  Object.defineProperty(layer, LAST_IMPLEMENTATION, { value, configurable: true, writable: true });
}

/**
 * Says what an LSTM's last call ran on: for `lstm`, its `lastImplementation`; for `tf.layers.lstm` and `tf.layers.rnn`, the
 * name of the fused kernel that `accelerateBuiltIn` chose, or `'built-in'` with the reason why no fused kernel applied. If
 * stacked cells run on several, these are listed: 'tensorflow and wasm-simd'.
 *
 * ```ts
 * accelerateBuiltIn();
 * model.predict(x);
 * lastImplementation(model.getLayer('lstm_1')); // { name: 'wasm-simd' }
 * ```
 *
 * @param layer An LSTM, or `tf.layers.rnn`; for Bidirectional, its `forwardLayer` or `backwardLayer`; for TimeDistributed, its `layer`.
 * @returns Null before the first call; for a built-in layer, also before its first accelerated call and after the undo.
 * @throws RangeError for a layer of another kind.
 * @category Speed
 */
export function lastImplementation(layer: tf.layers.Layer): Implementation | null {
  if (typeof layer === 'object' && layer !== null) {
    if (isExplicitLSTM(layer)) return layer.lastImplementation;
    if (layer.constructor === tf.layers.RNN || layer instanceof builtInLSTMClass()) {
      const note = (layer as NotedLayer)[LAST_IMPLEMENTATION];
      return note === undefined || note.session.isOver ? null : note.implementation;
    }
  }
  const rule =
    'layer must be an LSTM or tf.layers.rnn; for Bidirectional, pass its forwardLayer or backwardLayer, for TimeDistributed its layer';
  throw invalidArgument('lastImplementation', rule, layer);
}

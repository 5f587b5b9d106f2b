import * as tf from '@tensorflow/tfjs';
import type { Place } from '../model/find-lstms.js';
import { followLayer, type LayerCall, type Wishes } from './follow-layer.js';
import type { LSTMCall } from './lstm-call.js';
import { Run } from './run.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** Follows a run of a model from layer to layer, and writes down every call of an LSTM. */
export class CallRecorder {
  private readonly root: Run;
  private current: Run;

  constructor(
    root: Place,
    private readonly wishes: Wishes = {},
  ) {
    this.root = new Run(root);
    this.current = this.root;
  }

  /** The calls in the order in which the model made them; the caller disposes them. */
  finish(): LSTMCall[] {
    this.root.settle();
    return this.root.calls;
  }

  /** Disposes all that was recorded. */
  dispose(): void {
    this.root.dispose();
  }

  /** Goes around a layer's `call`. */
  aroundLayer(layer: tf.layers.Layer, layerCall: LayerCall, call: () => Tensors): Tensors {
    const place = find(this.current.place, layer);
    if (place === undefined) return call();
    const outer = this.current;
    const run = new Run(place);
    this.current = run;
    try {
      const outputs = place.lstms.length === 0 ? call() : followLayer(place, layerCall, this.wishes, call, run.calls);
      run.settle();
      outer.add(layer, [layerCall.inputs].flat(), run.calls);
      return outputs;
    } catch (error) {
      run.dispose();
      throw error;
    } finally {
      this.current = outer;
    }
  }

  /** Goes after a model has run one of a layer's nodes. */
  afterNode(layer: tf.layers.Layer, node: number): void {
    this.current.nodeRun(layer, node);
  }
}

/**
 * A layer's place within another's. The layers of a model that a Sequential starts with are run by the Sequential, which
 * takes their graph into its own.
 */
function find(place: Place, layer: tf.layers.Layer): Place | undefined {
  const direct = place.held.find((held) => held.layer === layer);
  if (direct !== undefined || !(place.layer instanceof tf.LayersModel)) return direct;
  for (const held of place.held) {
    const within = held.layer instanceof tf.LayersModel ? find(held, layer) : undefined;
    if (within !== undefined) return within;
  }
  return undefined;
}

import * as tf from '@tensorflow/tfjs';
import type { Kwargs } from '../../layers/host-types.js';
import type { Place, PlacedLSTM } from '../model/places.js';
import { layerInputsOf } from './layer-inputs.js';
import { CellSteps, callOfLayer, type LSTMCall } from './lstm-call.js';
import { Run } from './run.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** Follows a run of a model from layer to layer, and writes down every call of an LSTM. */
export class CallRecorder {
  private readonly root: Run;
  private current: Run;
  /** Of the stacked cells of the layer that is running. */
  private readonly stepsByCell = new Map<tf.layers.Layer, CellSteps>();

  constructor(root: Place) {
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
  aroundLayer(layer: tf.layers.Layer, inputs: Tensors, kwargs: Kwargs, call: () => Tensors): Tensors {
    const place = find(this.current.place, layer);
    if (place === undefined) return call();
    const outer = this.current;
    const run = new Run(place);
    this.current = run;
    try {
      const outputs = place.lstms.length === 0 ? call() : this.aroundLSTMs(run, inputs, kwargs, call);
      run.settle();
      outer.add(layer, [inputs].flat(), run.calls);
      return outputs;
    } catch (error) {
      run.dispose();
      throw error;
    } finally {
      this.current = outer;
    }
  }

  /** Goes before a cell's `call` with [x, h, c]. */
  beforeCell(cell: tf.layers.Layer, inputs: tf.Tensor[]): void {
    this.stepsByCell.get(cell)?.add(inputs);
  }

  /** Goes after a model has run one of a layer's nodes. */
  afterNode(layer: tf.layers.Layer, node: number): void {
    this.current.nodeRun(layer, node);
  }

  private aroundLSTMs(run: Run, inputs: Tensors, kwargs: Kwargs, call: () => Tensors): Tensors {
    const { layer, lstms } = run.place;
    const given = layerInputsOf(layer as tf.layers.RNN, inputs, kwargs);
    const [only] = lstms as [PlacedLSTM];
    if ((layer as tf.layers.RNN & { cell: unknown }).cell === only.lstmCell) {
      run.calls.push(callOfLayer(run.place, only, given));
      return call();
    }
    for (const { lstmCell } of lstms) this.stepsByCell.set(lstmCell, new CellSteps());
    try {
      const outputs = call();
      for (const lstm of lstms) {
        const steps = this.stepsByCell.get(lstm.lstmCell) as CellSteps;
        run.calls.push(steps.toCall(run.place, lstm, given.mask));
      }
      return outputs;
    } finally {
      for (const steps of this.stepsByCell.values()) steps.dispose();
      this.stepsByCell.clear();
    }
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

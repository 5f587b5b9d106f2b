import * as tf from '@tensorflow/tfjs';
import { leafCells, type Place, type PlacedLSTM } from '../model/places.js';
import type { UnitsOf } from './chosen-units.js';
import { type LayerCall, runKeepingSequences } from './kept-sequences.js';
import { layerInputsOf } from './layer-inputs.js';
import { CellSteps, callOfLayer, type LSTMCall } from './lstm-call.js';
import { Run } from './run.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** What is wanted of a run besides what the LSTMs are given. */
export interface Wishes {
  /** Receives the tensors that LSTMs return, each of which is then used once. */
  watch?: (tensor: tf.Tensor) => void;
  /** Keeps the calls' traces, of these units, if the run provides them. */
  traceUnits?: UnitsOf;
}

/** Follows a run of a model from layer to layer, and writes down every call of an LSTM. */
export class CallRecorder {
  private readonly root: Run;
  private current: Run;
  /** Of the stacked cells of the layer that is running. */
  private readonly stepsByCell = new Map<tf.layers.Layer, CellSteps>();

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
      const outputs = place.lstms.length === 0 ? call() : this.aroundLSTMs(run, layerCall, call);
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

  /** Goes around a cell's `call` with [x, h, c]. */
  aroundCell(cell: tf.layers.Layer, inputs: tf.Tensor[], call: () => Tensors): Tensors {
    const steps = this.stepsByCell.get(cell);
    steps?.add(inputs);
    const outputs = call();
    if (steps === undefined || this.wishes.watch === undefined) return outputs;
    const [output, ...states] = outputs as [tf.Tensor, ...tf.Tensor[]];
    const handedUp = this.watched(output);
    steps.handedUp.push(handedUp);
    return [handedUp, ...states];
  }

  /** Goes after a model has run one of a layer's nodes. */
  afterNode(layer: tf.layers.Layer, node: number): void {
    this.current.nodeRun(layer, node);
  }

  private aroundLSTMs(run: Run, layerCall: LayerCall, call: () => Tensors): Tensors {
    const { layer, lstms } = run.place;
    const given = layerInputsOf(layer as tf.layers.RNN, layerCall.inputs, layerCall.kwargs);
    const [only] = lstms as [PlacedLSTM];
    const { cell } = layer as tf.layers.RNN & { cell: tf.layers.Layer };
    if (cell === only.lstmCell) {
      const made = callOfLayer(run.place, only, given);
      run.calls.push(made);
      const { traceUnits } = this.wishes;
      const outputs = traceUnits === undefined ? call() : runKeepingSequences(made, traceUnits(made), layerCall, call);
      return this.returning([made], outputs);
    }
    for (const { lstmCell } of lstms) this.stepsByCell.set(lstmCell, new CellSteps());
    try {
      const outputs = call();
      const lastCell = leafCells(cell).length - 1;
      const made = lstms.map((lstm) => {
        const steps = this.stepsByCell.get(lstm.lstmCell) as CellSteps;
        const made = steps.toCall(run.place, lstm, given.mask);
        return { made, steps: lstm.cell === lastCell ? null : steps.handedUp };
      });
      run.calls.push(...made.map(({ made }) => made));
      return this.returning(
        made.map(({ made }) => made),
        outputs,
        made.map(({ steps }) => steps),
      );
    } finally {
      for (const steps of this.stepsByCell.values()) steps.dispose();
      this.stepsByCell.clear();
    }
  }

  /** Notes what calls of one layer returned, and returns it. */
  private returning(calls: LSTMCall[], outputs: Tensors, steps: (tf.Tensor[] | null)[] = [null]): Tensors {
    if (this.wishes.watch === undefined) return outputs;
    const watched = [outputs].flat().map((output) => this.watched(output));
    for (const [n, call] of calls.entries()) call.returned.push({ outputs: watched, steps: steps[n] ?? null });
    return Array.isArray(outputs) ? watched : (watched[0] as tf.Tensor);
  }

  /** A copy: tfjs returns one tensor for h as output and as state, and for h of a step and its place in a sequence. */
  private watched(output: tf.Tensor): tf.Tensor {
    const copy = tf.clone(output);
    this.wishes.watch?.(copy);
    return copy;
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

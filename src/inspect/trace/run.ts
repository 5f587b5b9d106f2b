import * as tf from '@tensorflow/tfjs';
import type { Place } from '../model/find-lstms.js';
import { disposeCalls, type LSTMCall } from './lstm-call.js';

/** A layer's call of which it is not known yet which node of its model's graph it belongs to. */
interface Unsettled {
  layer: tf.layers.Layer;
  inputs: tf.Tensor[];
  calls: LSTMCall[];
}

/** One run of a layer or model: the LSTM calls that it makes. */
export class Run {
  readonly calls: LSTMCall[] = [];
  private readonly settledNodes = new Map<string, LSTMCall[]>();
  private unsettled: Unsettled | null = null;

  constructor(readonly place: Place) {}

  /** Takes the calls that a layer within made when it ran. */
  add(layer: tf.layers.Layer, inputs: tf.Tensor[], calls: LSTMCall[]): void {
    if (!(this.place.layer instanceof tf.LayersModel)) {
      this.calls.push(...calls);
      return;
    }
    this.settle();
    this.unsettled = { layer, inputs, calls };
  }

  /** To be told which of its nodes a layer ran for, right after it ran. tfjs asks only layers with several. */
  nodeRun(layer: tf.layers.Layer, node: number): void {
    if (this.unsettled?.layer === layer) this.settle(node);
  }

  /**
   * A model runs a node of its graph, which is one use of a layer, once for each output of it that is wanted. Later
   * layers get the first run's outputs, so that the first is the call and the others are dropped. Only the model's own
   * outputs are of the last run, so that what the others returned is kept in mind.
   *
   * @param node Where it is not known, runs on the very same inputs count as one call.
   */
  settle(node?: number): void {
    if (this.unsettled === null) return;
    const { layer, inputs, calls } = this.unsettled;
    const key = `${layer.id} ${node === undefined ? `inputs ${inputs.map(({ id }) => id)}` : node}`;
    const first = this.settledNodes.get(key);
    this.unsettled = null;
    if (first === undefined) {
      this.settledNodes.set(key, calls);
      this.calls.push(...calls);
      return;
    }
    for (const [n, { returned }] of calls.entries()) first[n]?.returned.push(...returned);
    disposeCalls(calls);
  }

  dispose(): void {
    disposeCalls([...this.calls, ...(this.unsettled?.calls ?? [])]);
  }
}

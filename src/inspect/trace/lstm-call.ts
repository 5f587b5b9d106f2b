import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import type { Sequences } from '../../layers/trace.js';
import type { Place, PlacedLSTM } from '../model/places.js';
import type { LayerInputs } from './layer-inputs.js';

/** What an LSTM got in one call. The tensors are copies that no scope of the model's run disposes. */
export interface LSTMCall extends PlacedLSTM {
  layer: tf.layers.RNN;
  layerName: string;
  /** [B, T, D], in the input's time order. */
  x: tf.Tensor3D;
  /** h and c before the first step, each [B, U]; null for zeros. */
  states: tf.Tensor[] | null;
  /** [B, T] */
  mask: tf.Tensor | null;
  /** What it returned, for derivatives with respect to it, each time that the model ran it; empty where nobody watches. */
  returned: Returned[];
  /** All that it computed, for the units asked for; null if the run does not provide it or was not asked. */
  sequences: Sequences | null;
}

/**
 * What a call returned. The tensors are read by nobody but those who read the layer's outputs, and are disposed with the
 * model's run.
 */
export interface Returned {
  /** The layer's outputs, in its order. */
  outputs: tf.Tensor[];
  /** What one of stacked cells handed up, [B, U] each, in the order of processing; null of the last and of an only cell. */
  steps: tf.Tensor[] | null;
}

export function disposeCalls(calls: Iterable<LSTMCall>): void {
  for (const { x, states, mask, sequences } of calls) {
    tf.dispose([x, ...(states ?? []), ...(mask === null ? [] : [mask])]);
    if (sequences !== null) tf.dispose(Object.values(sequences));
  }
}

/**
 * Checks the mask that a model fed an LSTM, which tfjs itself may broadcast.
 *
 * @throws RangeError
 */
export function requireFittingMask(where: string, { layer, x, mask }: LSTMCall): void {
  const [batch, timesteps] = x.shape;
  if (mask === null || (mask.rank === 2 && mask.shape[0] === batch && mask.shape[1] === timesteps)) return;
  const rule = `the mask that this layer receives from the layers before it must be [B, T] = [${batch}, ${timesteps}]`;
  throw invalidArgument(where, rule, mask.shape, { layer: layer.name });
}

/** A copy, of the same data, that no tidy disposes. */
export function keptCopy<T extends tf.Tensor>(tensor: T): T {
  return tf.keep(tf.clone(tensor)) as T;
}

/** The call of a layer that is one LSTM. */
export function callOfLayer(place: Place, lstm: PlacedLSTM, { x, states, mask }: LayerInputs): LSTMCall {
  return {
    returned: [],
    sequences: null,
    ...lstm,
    ...named(place),
    x: keptCopy(x),
    states: states?.map(keptCopy) ?? null,
    mask: mask && keptCopy(mask),
  };
}

/** The steps of one of a layer's stacked cells, as the cell was called. */
export class CellSteps {
  /** [B, D] each, in the order of processing. */
  private readonly xs: tf.Tensor[] = [];
  private states: tf.Tensor[] = [];
  /** [B, U] each, in the order of processing. */
  readonly handedUp: tf.Tensor[] = [];

  /** @param inputs [x, h, c]. */
  add([x, ...states]: tf.Tensor[]): void {
    if (this.xs.length === 0) this.states = states.map(keptCopy);
    this.xs.push(keptCopy(x as tf.Tensor));
  }

  /** The call that the steps make up. The mask is the layer's. */
  toCall(place: Place, lstm: PlacedLSTM, mask: tf.Tensor | null): LSTMCall {
    const where = named(place);
    const inTimeOrder = where.layer.goBackwards ? [...this.xs].reverse() : this.xs;
    const x = tf.keep(tf.stack(inTimeOrder, 1)) as tf.Tensor3D;
    const states = this.states.map(keptCopy);
    return { ...lstm, ...where, x, states, mask: mask && keptCopy(mask), returned: [], sequences: null };
  }

  dispose(): void {
    tf.dispose([...this.xs, ...this.states]);
  }
}

function named({ layer, path }: Place): Pick<LSTMCall, 'layer' | 'layerName'> {
  return { layer: layer as tf.layers.RNN, layerName: path };
}

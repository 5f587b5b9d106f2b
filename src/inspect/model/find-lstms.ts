import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import { isDisposed } from '../../layers/check-weights.js';
import { type Direction, directionOf, lstmPlaces, type PlacedLSTM, placesOf } from './places.js';

/** An LSTM of a model, and how a person refers to it. */
export interface FoundLSTM extends PlacedLSTM {
  /** The layer's name, with its path in nested models ('encoder/lstm_1'); a wrapper's name where it is wrapped. */
  layerName: string;
  direction: Direction;
  /** The LSTM, or the RNN whose cell it is. */
  layer: tf.layers.RNN;
}

/**
 * Every LSTM of a model, of this package or of tfjs, in the order of the model's layers. One that stands in several
 * places is listed for each. `layerName`, `direction` and `cell` together tell them apart.
 */
export function findLSTMs(model: tf.LayersModel): FoundLSTM[] {
  return lstmPlaces(placesOf(model)).flatMap(({ layer, path, lstms }) =>
    lstms.map(({ lstmCell, cell }) => ({
      layerName: path,
      direction: directionOf(layer),
      cell,
      layer: layer as tf.layers.RNN,
      lstmCell,
    })),
  );
}

/**
 * Checks a model, and returns its LSTMs.
 *
 * @throws RangeError for what is not a model or has no LSTM; Error for a model that is not built or disposed.
 */
export function requireModelWithLSTM(where: string, model: unknown): FoundLSTM[] {
  if (!(model instanceof tf.LayersModel)) throw invalidArgument(where, 'model must be a tf.LayersModel', model);
  if (!model.inputs?.length)
    throw invalidState(where, 'the model must be built first: it has no inputs yet', model.name);
  const lstms = findLSTMs(model);
  if (lstms.length === 0) {
    const layers = model.layers.map((layer) => layer.getClassName());
    throw invalidArgument(where, 'model must have an LSTM', layers, { layer: model.name });
  }
  for (const { layerName, lstmCell } of lstms) {
    if (!lstmCell.built) throw invalidState(where, 'the model must be built first', layerName);
    if (isDisposed(lstmCell)) throw invalidState(where, 'the model must not be disposed', layerName);
  }
  return lstms;
}

/** What tells the LSTMs of a model apart. */
export type LSTMPlace = Pick<FoundLSTM, 'layerName' | 'direction' | 'cell'>;

export function isSamePlace(a: LSTMPlace, b: LSTMPlace): boolean {
  return a.layerName === b.layerName && a.direction === b.direction && a.cell === b.cell;
}

/** Calls, or whatever else belongs to an LSTM, put together by LSTM: a shared layer has several calls. */
export function byLSTM<Item extends LSTMPlace>(items: Item[]): Item[][] {
  const groups: Item[][] = [];
  for (const item of items) {
    const group = groups.find(([first]) => isSamePlace(first as Item, item));
    if (group === undefined) groups.push([item]);
    else group.push(item);
  }
  return groups;
}

import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import { heldLayers } from '../../host/held-layers.js';
import type { BuiltInCell } from '../../host/types.js';
import { isDisposed } from '../../layers/check-weights.js';
import { isLSTMCell } from '../../layers/foreign-lstm.js';
import type { AnyLSTMCell } from '../../layers/lstm-cell.js';

/** The order in which a layer reads a sequence: 'backward' starts with the last timestep. */
export type Direction = 'forward' | 'backward';

/** An LSTM where it stands in a model, and how a person refers to it. */
export interface FoundLSTM {
  /** The layer's name, with its path in nested models ('encoder/lstm_1'); if it is wrapped, the wrapper's name. */
  layerName: string;
  /** 'backward' if the layer reads the last timestep first. */
  direction: Direction;
  /** Index among stacked cells, counting cells of other kinds; 0 if cells are not stacked. */
  cell: number;
  /** The LSTM, or the RNN whose cell it is. */
  layer: tf.layers.RNN;
  lstmCell: AnyLSTMCell | BuiltInCell;
}

/** What tells the LSTMs of a model apart. */
export type LSTMPlace = Pick<FoundLSTM, 'layerName' | 'direction' | 'cell'>;

/** A layer where it stands in a model: a layer that is used in two places has two of these. */
export interface Place {
  layer: tf.layers.Layer;
  /** The places in it that have LSTMs. */
  held: Place[];
  /** Those of the layer itself: its only one, or one for each LSTM among its stacked cells. */
  lstms: FoundLSTM[];
}

/** A model as a tree of the layers that are LSTMs or hold some, of this package or of tfjs, in the order of its layers. */
export function placesOf(model: tf.LayersModel): Place {
  return placeOf(model, '', new Set());
}

/** Every LSTM of a model. One that stands in several places is listed for each. */
export function findLSTMs(model: tf.LayersModel): FoundLSTM[] {
  return lstmsWithin(placesOf(model));
}

/** Those of a place and of all within it. */
export function lstmsWithin({ lstms, held }: Place): FoundLSTM[] {
  return [...lstms, ...held.flatMap(lstmsWithin)];
}

/** @param path Names from the model down; '' for the model itself. A wrapper's name stands for what it wraps. */
function placeOf(layer: tf.layers.Layer, path: string, holders: ReadonlySet<tf.layers.Layer>): Place {
  if (layer instanceof tf.layers.RNN) return { layer, held: [], lstms: lstmsOf(layer, path) };
  const within = new Set(holders).add(layer);
  const heldBy = (nameOf: (held: tf.layers.Layer) => string) =>
    layersIn(layer)
      .filter((held) => !within.has(held))
      .map((held) => placeOf(held, [path, nameOf(held)].filter(Boolean).join('/'), within))
      .filter(({ lstms, held }) => lstms.length > 0 || held.length > 0);
  const named = () => heldBy((held) => held.name);
  if (layer instanceof tf.LayersModel) return { layer, held: named(), lstms: [] };
  const unnamed = heldBy(() => '');
  return { layer, held: areDistinct(unnamed.flatMap(lstmsWithin)) ? unnamed : named(), lstms: [] };
}

function layersIn(layer: tf.layers.Layer): tf.layers.Layer[] {
  if (layer instanceof tf.LayersModel) return layer.layers;
  const held = heldLayers(layer);
  // Bidirectional runs copies of the layer it was given.
  if (held.has('forwardLayer.0') && held.has('backwardLayer.0')) held.delete('layer.0');
  return [...new Set(held.values())];
}

function lstmsOf(layer: tf.layers.RNN, layerName: string): FoundLSTM[] {
  const direction = layer.goBackwards ? 'backward' : 'forward';
  return leafCells(layer).flatMap((lstmCell, cell) =>
    isLSTMCell(lstmCell) ? [{ layerName, direction, cell, layer, lstmCell }] : [],
  );
}

/** The cell of a layer, or the cells of its stack, the first to run first. */
export function leafCells(layer: tf.layers.RNN): tf.layers.Layer[] {
  const leaves = (cell: tf.layers.Layer): tf.layers.Layer[] =>
    cell.getClassName() === 'StackedRNNCells'
      ? (cell as tf.layers.Layer & { cells: tf.layers.Layer[] }).cells.flatMap(leaves)
      : [cell];
  return leaves((layer as tf.layers.RNN & { cell: tf.layers.Layer }).cell);
}

function areDistinct(lstms: LSTMPlace[]): boolean {
  return byLSTM(lstms).length === lstms.length;
}

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

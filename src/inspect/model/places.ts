import * as tf from '@tensorflow/tfjs';
import { heldLayers } from '../../host/held-layers.js';
import type { BuiltInCell } from '../../host/types.js';
import { isLSTMCell } from '../../layers/foreign-lstm.js';
import type { LSTMCell } from '../../layers/lstm-cell.js';

/** The order in which a layer reads a sequence: 'backward' starts with the last timestep. */
export type Direction = 'forward' | 'backward';

/** One LSTM of a layer: its only one, or one of its stacked cells. */
export interface PlacedLSTM {
  lstmCell: LSTMCell | BuiltInCell;
  /** Index among the stacked cells, GRU and other cells counted; 0 where cells are not stacked. */
  cell: number;
}

/** A layer where it stands in a model: a layer that is used in two places has two of these. */
export interface Place {
  layer: tf.layers.Layer;
  /** Names from the model down, 'encoder/lstm_1'; '' for the model itself. A wrapper's name stands for what it wraps. */
  path: string;
  held: Place[];
  lstms: PlacedLSTM[];
}

/** Every place of a model that is an LSTM or holds one. */
export function placesOf(model: tf.LayersModel): Place {
  return placeOf(model, '', new Set());
}

/** Which end of time a layer reads first. */
export function directionOf(layer: tf.layers.Layer): Direction {
  return (layer as tf.layers.RNN).goBackwards ? 'backward' : 'forward';
}

/** Whether a place is an LSTM or holds one. */
function hasLSTM({ lstms, held }: Place): boolean {
  return lstms.length > 0 || held.length > 0;
}

function placeOf(layer: tf.layers.Layer, path: string, holders: ReadonlySet<tf.layers.Layer>): Place {
  if (layer instanceof tf.layers.RNN) return { layer, path, held: [], lstms: lstmsOf(layer) };
  const within = new Set(holders).add(layer);
  const heldBy = (nameOf: (held: tf.layers.Layer) => string) =>
    layersIn(layer)
      .filter((held) => !within.has(held))
      .map((held) => placeOf(held, [path, nameOf(held)].filter(Boolean).join('/'), within))
      .filter(hasLSTM);
  const named = () => heldBy((held) => held.name);
  if (layer instanceof tf.LayersModel) return { layer, path, held: named(), lstms: [] };
  const unnamed = heldBy(() => '');
  return { layer, path, held: areDistinct(unnamed) ? unnamed : named(), lstms: [] };
}

function layersIn(layer: tf.layers.Layer): tf.layers.Layer[] {
  if (layer instanceof tf.LayersModel) return layer.layers;
  const held = heldLayers(layer);
  // Bidirectional runs copies of the layer it was given.
  if (held.has('forwardLayer.0') && held.has('backwardLayer.0')) held.delete('layer.0');
  return [...new Set(held.values())];
}

function lstmsOf(layer: tf.layers.RNN): PlacedLSTM[] {
  return leafCells((layer as tf.layers.RNN & { cell: tf.layers.Layer }).cell).flatMap((cell, index) =>
    isLSTMCell(cell) ? [{ lstmCell: cell, cell: index }] : [],
  );
}

/** A cell, or the cells of a stack, the first to run first. */
export function leafCells(cell: tf.layers.Layer): tf.layers.Layer[] {
  if (cell.getClassName() !== 'StackedRNNCells') return [cell];
  return (cell as tf.layers.Layer & { cells: tf.layers.Layer[] }).cells.flatMap(leafCells);
}

/** Whether path, direction and cell tell all LSTMs of these places apart. */
function areDistinct(places: Place[]): boolean {
  const keys = places
    .flatMap(lstmPlaces)
    .flatMap(({ path, layer, lstms }) => lstms.map(({ cell }) => `${path} ${directionOf(layer)} ${cell}`));
  return new Set(keys).size === keys.length;
}

/** The places at and below a place that are LSTMs. */
export function lstmPlaces(place: Place): Place[] {
  return place.lstms.length > 0 ? [place] : place.held.flatMap(lstmPlaces);
}

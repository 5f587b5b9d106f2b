import * as tf from '@tensorflow/tfjs';

/**
 * The layers in a layer's fields, by field and index: a wrapper's layer, an RNN's cell, the layers of a model. Fields are
 * looked at rather than classes, so that users' own wrappers and composite layers are seen through as well.
 */
export function heldLayers(layer: tf.layers.Layer): Map<string, tf.layers.Layer> {
  const held = new Map<string, tf.layers.Layer>();
  const add = (field: string, index: number, item: unknown) => {
    if (item instanceof tf.layers.Layer) held.set(`${field}.${index}`, item);
  };
  for (const field of Object.keys(layer)) {
    const value: unknown = (layer as unknown as Record<string, unknown>)[field];
    if (!Array.isArray(value)) add(field, 0, value);
    else for (let index = 0; index < value.length; index++) add(field, index, value[index]);
  }
  return held;
}

/** A layer and all layers within it, the holding ones before the held ones. */
export function layersWithin(layer: tf.layers.Layer, seen = new Set<tf.layers.Layer>()): Set<tf.layers.Layer> {
  if (seen.has(layer)) return seen;
  seen.add(layer);
  for (const held of heldLayers(layer).values()) layersWithin(held, seen);
  return seen;
}

/** Where tfjs's classes that are made around other layers take them, and have them afterwards. */
const HELD_ARGUMENTS: Readonly<Record<string, string>> = {
  Bidirectional: 'layer',
  TimeDistributed: 'layer',
  RNN: 'cell',
  StackedRNNCells: 'cells',
};

/** The argument by which a layer of tfjs was given other layers, and these; null for one that was given none. */
export function givenLayers(
  layer: tf.layers.Layer,
): { argument: string; layers: tf.layers.Layer | tf.layers.Layer[] } | null {
  const argument = HELD_ARGUMENTS[layer.getClassName()];
  if (argument === undefined) return null;
  const layers = (layer as unknown as Record<string, unknown>)[argument];
  if (![layers].flat().every((held) => held instanceof tf.layers.Layer)) return null;
  return { argument, layers: layers as tf.layers.Layer | tf.layers.Layer[] };
}

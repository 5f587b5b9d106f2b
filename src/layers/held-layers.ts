import * as tf from '@tensorflow/tfjs';

/**
 * The layers in a layer's fields, by field and index: a wrapper's layer, an RNN's cell, the layers of a model. Fields are
 * looked at rather than classes, so that users' own wrappers and composite layers are seen through as well.
 */
export function heldLayers(layer: tf.layers.Layer): Map<string, tf.layers.Layer> {
  const held = new Map<string, tf.layers.Layer>();
  for (const [field, value] of Object.entries(layer)) {
    for (const [index, item] of (Array.isArray(value) ? value : [value]).entries()) {
      if (item instanceof tf.layers.Layer) held.set(`${field}.${index}`, item);
    }
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

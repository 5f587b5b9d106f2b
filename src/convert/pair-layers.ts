import type * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { heldLayers, layersWithin } from '../host/held-layers.js';

type Layer = tf.layers.Layer;

/** What of a copy belongs to what of the original; holding layers come before the held ones. */
export interface Pairs {
  layers: Map<Layer, Layer>;
  variables: Map<tf.LayerVariable, tf.LayerVariable>;
}

/**
 * Pairs the layers and variables of a model with those of its copy.
 *
 * @throws RangeError for a layer whose copy has other weights.
 */
export function pairLayers(where: string, model: Layer, copies: ReadonlyMap<Layer, Layer>): Pairs {
  const layers = new Map<Layer, Layer>();
  for (const layer of [model, ...copies.keys()]) pairWithin(layer, copies.get(layer) as Layer, copies, layers);
  const variables = new Map<tf.LayerVariable, tf.LayerVariable>();
  for (const [layer, copy] of layers) {
    const own = ownVariables(layer);
    const ownCopies = ownVariables(copy);
    requireSameShapes(where, layer, own, ownCopies);
    for (const [index, variable] of own.entries()) variables.set(variable, ownCopies[index] as tf.LayerVariable);
  }
  return { layers, variables };
}

function pairWithin(layer: Layer, copy: Layer, copies: ReadonlyMap<Layer, Layer>, pairs: Map<Layer, Layer>): void {
  // What a user's layer got by reference is the original's own.
  if (layer === copy || pairs.has(layer)) return;
  pairs.set(layer, copy);
  const heldByCopy = heldLayers(copy);
  for (const [field, held] of heldLayers(layer)) {
    const heldCopy = copies.get(held) ?? heldByCopy.get(field);
    if (heldCopy !== undefined) pairWithin(held, heldCopy, copies, pairs);
  }
}

/**
 * The variables of a layer and not of a layer within, in the order in which they were made. The order of
 * `layer.weights` depends on which of them are trainable.
 */
function ownVariables(layer: Layer): tf.LayerVariable[] {
  const held = new Set([...layersWithin(layer)].filter((inner) => inner !== layer).flatMap((inner) => inner.weights));
  return layer.weights.filter((variable) => !held.has(variable)).sort((a, b) => a.id - b.id);
}

function requireSameShapes(
  where: string,
  layer: Layer,
  variables: tf.LayerVariable[],
  copies: tf.LayerVariable[],
): void {
  const expected = variables.map(({ shape }) => shape);
  const received = copies.map(({ shape }) => shape);
  if (JSON.stringify(expected) === JSON.stringify(received)) return;
  const rule = `a layer re-created from its getConfig() must have weights of the same shapes, ${JSON.stringify(expected)}`;
  throw invalidArgument(where, rule, received, { layer: layer.name });
}

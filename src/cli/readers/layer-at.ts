import * as tf from '@tensorflow/tfjs';
import { UserError } from '../user-error.js';

/** The layer of a model, or of a model nested in it, that a path such as `encoder/lstm_1` leads to; null: none. */
function findLayer(model: tf.LayersModel, path: string): tf.layers.Layer | null {
  for (const layer of model.layers) {
    if (layer.name === path) return layer;
    if (layer instanceof tf.LayersModel && path.startsWith(`${layer.name}/`)) {
      const found = findLayer(layer, path.slice(layer.name.length + 1));
      if (found !== null) return found;
    }
  }
  return null;
}

/**
 * The layer that a path such as `encoder/lstm_1` leads to.
 *
 * @throws UserError that names the layers there are.
 */
export function layerAt(model: tf.LayersModel, path: string): tf.layers.Layer {
  const layer = findLayer(model, path);
  if (layer !== null) return layer;
  const names = model.layers.map(({ name }) => `'${name}'`).join(', ');
  throw new UserError(`the model has no layer '${path}'; it has ${names}`);
}

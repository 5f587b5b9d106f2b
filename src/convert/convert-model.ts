import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { layersWithin } from '../host/held-layers.js';
import { withoutRemains } from '../host/new-variables.js';
import { isDisposedWeight } from '../layers/is-disposed.js';
import type { Conversion } from './conversion.js';
import { copyState } from './copy-state.js';
import { copyCompilation, copyTrainedVariables } from './copy-training.js';
import { ModelCopier } from './model-copier.js';
import { pairLayers } from './pair-layers.js';

/**
 * Copies a model with the layers replaced that a conversion replaces.
 *
 * @throws RangeError for a model that cannot be converted. Nothing is left behind then.
 */
export function convertModel(model: tf.LayersModel, conversion: Conversion): tf.LayersModel {
  requireModel(conversion.name, model);
  for (const layer of layersWithin(model)) conversion.check(layer);
  const copier = new ModelCopier(conversion);
  const optimizers = new Map<tf.Optimizer, tf.Optimizer>();
  return withoutRemains(
    () => copyModel(model, conversion.name, copier, optimizers),
    () => {
      for (const optimizer of optimizers.values()) optimizer.dispose();
      for (const copy of copier.copies.values()) disposeStates(copy);
    },
  );
}

function copyModel(
  model: tf.LayersModel,
  where: string,
  copier: ModelCopier,
  optimizers: Map<tf.Optimizer, tf.Optimizer>,
): tf.LayersModel {
  const result = copier.copy(model);
  const models = [...copier.copies].filter(([original]) => original instanceof tf.LayersModel) as [
    tf.LayersModel,
    tf.LayersModel,
  ][];
  // Compiling builds a Sequential anew and resets the flags of its variables, hence flags come after it.
  for (const [original, copy] of models) {
    copyCompilation(original, copy, optimizers);
    copyMetadata(original, copy);
  }
  const pairs = pairLayers(where, model, copier.copies);
  copyState(pairs);
  for (const [original, copy] of models) copyTrainedVariables(original, copy, pairs.variables);
  for (const copy of pairs.layers.values()) copy.setFastWeightInitDuringBuild(false);
  return result;
}

function copyMetadata(model: tf.LayersModel, copy: tf.LayersModel): void {
  const metadata = model.getUserDefinedMetadata();
  if (metadata != null) copy.setUserDefinedMetadata(JSON.parse(JSON.stringify(metadata)));
}

function requireModel(where: string, model: unknown): asserts model is tf.LayersModel {
  if (!(model instanceof tf.LayersModel)) throw invalidArgument(where, 'model must be a tf.LayersModel', model);
  const context = { layer: model.name };
  if (model.layers.length === 0) {
    throw invalidArgument(where, 'model must be built, with at least one layer', model.layers, context);
  }
  const disposed = model.weights.find(isDisposedWeight);
  if (disposed !== undefined) {
    throw invalidArgument(where, 'model must not be disposed', `the disposed variable ${disposed.name}`, context);
  }
}

function disposeStates(layer: tf.layers.Layer): void {
  for (const inner of layersWithin(layer)) {
    if (inner instanceof tf.layers.RNN && inner.stateful) tf.dispose(inner.states as tf.Tensor[]);
  }
}

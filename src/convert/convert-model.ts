import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import { heldLayers, layersWithin } from '../host/held-layers.js';
import { withoutRemains } from '../host/new-variables.js';
import { LSTM_BRAND, LSTM_CELL_BRAND } from '../layers/brand.js';
import { isDisposedWeight } from '../layers/check-weights.js';
import { CONVERSION_OPTIONS, type Conversion, type ConversionOptions } from './conversion.js';
import { copyState } from './copy-state.js';
import { copyCompilation, copyTrainedVariables } from './copy-training.js';
import { ModelCopier } from './model-copier.js';
import { pairLayers } from './pair-layers.js';

/**
 * Copies a model with the layers replaced that a conversion replaces.
 *
 * @throws RangeError for a model that cannot be converted. Nothing is left behind then.
 */
export function convertModel(
  model: tf.LayersModel,
  conversion: Conversion,
  options: ConversionOptions,
): tf.LayersModel {
  const { name } = conversion;
  requireModel(name, model);
  checkOptions(name, options, CONVERSION_OPTIONS);
  const notes = [...concernedLayers(model, conversion).keys()].flatMap((layer) => conversion.check(layer));
  const copier = new ModelCopier(conversion);
  const optimizers = new Map<tf.Optimizer, tf.Optimizer>();
  const copy = withoutRemains(
    () => copyModel(model, name, copier, optimizers, (note) => notes.push(note)),
    () => {
      for (const optimizer of optimizers.values()) optimizer.dispose();
      for (const copy of copier.copies.values()) disposeStates(copy);
    },
  );
  for (const path of concernedLayers(copy, conversion).values()) {
    const reason = 'a custom layer creates it, and the getConfig() of that layer does not mention it';
    notes.push(`'${path}' stays ${conversion.leftOver}: ${reason}.`);
  }
  const onNote = options.onNote ?? ((note: string) => console.warn(note));
  for (const note of notes) onNote(`${name}: ${note}`);
  return copy;
}

/** The layers that a conversion concerns, each with the names that lead to it; of an LSTM not its cell besides. */
function concernedLayers(
  model: tf.LayersModel,
  conversion: Conversion,
): Map<tf.layers.RNN | tf.layers.RNNCell, string> {
  const found = new Map<tf.layers.RNN | tf.layers.RNNCell, string>();
  const seen = new Set<tf.layers.Layer>([model]);
  // The shortest way comes first: a Sequential holds its layers, and a model that holds them again.
  const queue: { layer: tf.layers.Layer; path: string[] }[] = [{ layer: model, path: [] }];
  for (const { layer, path } of queue) {
    if (conversion.concerns(layer)) {
      found.set(layer, path.join('/'));
      continue;
    }
    // Our cell holds a tfjs cell internally.
    if (LSTM_BRAND in layer || LSTM_CELL_BRAND in layer) continue;
    for (const held of heldLayers(layer).values()) {
      if (seen.has(held)) continue;
      seen.add(held);
      queue.push({ layer: held, path: [...path, held.name] });
    }
  }
  return found;
}

function copyModel(
  model: tf.LayersModel,
  where: string,
  copier: ModelCopier,
  optimizers: Map<tf.Optimizer, tf.Optimizer>,
  note: (note: string) => void,
): tf.LayersModel {
  const result = copier.copy(model);
  const models = [...copier.copies].filter(([original]) => original instanceof tf.LayersModel) as [
    tf.LayersModel,
    tf.LayersModel,
  ][];
  // Compiling rebuilds a Sequential and resets the flags of its variables, so flags are copied afterwards.
  for (const [original, copy] of models) {
    copyCompilation(original, copy, optimizers, note);
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

import type * as tf from '@tensorflow/tfjs';

/** What of a compiled model tfjs keeps to itself. */
interface CompiledModel {
  isOptimizerOwned?: unknown;
  collectedTrainableWeights?: unknown;
  /** The functional model that a Sequential trains. */
  model?: CompiledModel;
}

/** Lets a compiled model dispose its optimizer with itself. Where tfjs does not know of this, nothing is done. */
export function ownOptimizer(model: tf.LayersModel): void {
  const compiled = model as unknown as CompiledModel;
  if (typeof compiled.isOptimizerOwned === 'boolean') compiled.isOptimizerOwned = true;
}

/**
 * The variables that a compiled model trains: those which were trainable when it was compiled. Where tfjs does not tell,
 * those that are trainable now, which is the same unless some were frozen since.
 */
export function trainedVariables(model: tf.LayersModel): tf.LayerVariable[] {
  const collected = trainingModel(model).collectedTrainableWeights;
  return Array.isArray(collected) ? collected : model.trainableWeights;
}

/** Lets a compiled model train these variables. Where tfjs does not know of this, it trains those that are trainable. */
export function setTrainedVariables(model: tf.LayersModel, variables: tf.LayerVariable[]): void {
  const compiled = trainingModel(model);
  if (Array.isArray(compiled.collectedTrainableWeights)) compiled.collectedTrainableWeights = variables;
}

function trainingModel(model: tf.LayersModel): CompiledModel {
  const compiled = model as unknown as CompiledModel;
  return compiled.model ?? compiled;
}

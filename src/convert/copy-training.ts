import type * as tf from '@tensorflow/tfjs';
import { copyOptimizer } from './copy-optimizer.js';

/** What of a compiled model tfjs keeps to itself. */
interface CompiledModel {
  isOptimizerOwned?: boolean;
  collectedTrainableWeights?: tf.LayerVariable[];
  /** The functional model that a Sequential trains. */
  model?: CompiledModel;
}

/**
 * Compiles the copy of a compiled model.
 *
 * @param optimizers The optimizers copied so far, as two models may share one.
 */
export function copyCompilation(
  model: tf.LayersModel,
  copy: tf.LayersModel,
  optimizers: Map<tf.Optimizer, tf.Optimizer>,
): void {
  if (model.optimizer == null) return;
  const optimizer = optimizers.get(model.optimizer) ?? copyOptimizer(model.optimizer);
  // With the first model that has it: it is disposed once.
  const isOptimizerOwned = !optimizers.has(model.optimizer);
  optimizers.set(model.optimizer, optimizer);
  const { loss, metrics } = model;
  copy.compile({ optimizer, loss, metrics });
  // Nobody but the copy knows its optimizer.
  (copy as unknown as CompiledModel).isOptimizerOwned = isOptimizerOwned;
}

/**
 * Lets the copy train the variables that the original does: the ones that were trainable when it was compiled, whatever
 * was frozen since, as in adversarial networks.
 */
export function copyTrainedVariables(
  model: tf.LayersModel,
  copy: tf.LayersModel,
  variables: ReadonlyMap<tf.LayerVariable, tf.LayerVariable>,
): void {
  if (model.optimizer == null) return;
  const trained = trainingModel(model).collectedTrainableWeights?.map((variable) => variables.get(variable));
  const isKnown = trained?.every((variable) => variable !== undefined);
  trainingModel(copy).collectedTrainableWeights = isKnown ? (trained as tf.LayerVariable[]) : copy.trainableWeights;
}

function trainingModel(model: tf.LayersModel): CompiledModel {
  const compiled = model as unknown as CompiledModel;
  return compiled.model ?? compiled;
}

import type * as tf from '@tensorflow/tfjs';
import { ownOptimizer, setTrainedVariables, trainedVariables } from '../host/compiled-model.js';
import { copyOptimizerMemory } from '../host/optimizer-memory.js';
import { clipGradients, gradientLimit } from '../training/clip-gradients.js';

/**
 * Compiles the copy of a compiled model.
 *
 * @param optimizers The optimizers copied so far, as two models may share one.
 * @param note Called for an optimizer whose state cannot be copied.
 */
export function copyCompilation(
  model: tf.LayersModel,
  copy: tf.LayersModel,
  optimizers: Map<tf.Optimizer, tf.Optimizer>,
  note: (note: string) => void,
): void {
  if (model.optimizer == null) return;
  const known = optimizers.get(model.optimizer);
  const noteLoss = () => note(`the optimizer of '${model.name}' starts afresh, because its state cannot be copied.`);
  const optimizer = known ?? copyOptimizer(model.optimizer, noteLoss);
  optimizers.set(model.optimizer, optimizer);
  const { loss, metrics } = model;
  copy.compile({ optimizer, loss, metrics });
  // Nobody but the copies knows their optimizer. It goes with the first model that has it: it is disposed once.
  if (known === undefined) ownOptimizer(copy);
}

/** Copies an optimizer with its gradient limit and, if it is one of tfjs's, its state. */
function copyOptimizer(optimizer: tf.Optimizer, noteLoss: () => void): tf.Optimizer {
  const optimizerClass = optimizer.constructor as tf.serialization.SerializableConstructor<tf.Optimizer>;
  const copy = optimizerClass.fromConfig(optimizerClass, optimizer.getConfig());
  if (!copyOptimizerMemory(optimizer, copy)) noteLoss();
  return clipGradients(copy, gradientLimit(optimizer));
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
  const trained = trainedVariables(model).map((variable) => variables.get(variable));
  const areKnown = trained.every((variable) => variable !== undefined);
  setTrainedVariables(copy, areKnown ? trained : copy.trainableWeights);
}

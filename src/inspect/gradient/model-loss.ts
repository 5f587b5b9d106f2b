import * as tf from '@tensorflow/tfjs';
import { requireUsable } from '../../core/check-tensor.js';
import { invalidArgument, invalidState } from '../../core/errors.js';
import type { ModelLoss } from '../model/model-data.js';
import { because } from './refusals.js';
import { sumOf } from './walk-back.js';

/** One tensor for each output of a model: a single one, an array in order, or an object by the names of the outputs. */
export type PerOutput = tf.Tensor | (tf.Tensor | null)[] | Record<string, tf.Tensor>;

type LossFunction = (labels: tf.Tensor, outputs: tf.Tensor) => tf.Tensor;

/** One output's part of a model's loss. */
interface LossTerm {
  lossFunction: LossFunction;
  labels: tf.Tensor;
  sampleWeight: tf.Tensor | null;
}

export interface ModelLossArguments {
  /** For each output, checked. */
  labels: tf.Tensor[];
  loss: ModelLoss | null | undefined;
  sampleWeight: PerOutput | null | undefined;
  batch: number;
}

/**
 * Reads what a model's loss is made of, and returns the loss as a function of the model's outputs: the sum over outputs
 * of the mean of each one's loss, as `fit` minimizes it. Regularization is left out: it does not pass through outputs.
 *
 * @throws RangeError for an unknown loss and for weights of a wrong number or shape; Error for a model that has no loss.
 */
export function modelLoss(
  where: string,
  model: tf.LayersModel,
  { labels, loss, sampleWeight, batch }: ModelLossArguments,
): (outputs: tf.Tensor[]) => tf.Scalar {
  const spec = loss ?? (model.loss as ModelLoss | undefined);
  if (spec === undefined) throw invalidState(where, 'the model must be compiled, or a loss must be given', model.name);
  const { functions, names } = lossFunctions(where, model, spec);
  const weights = sampleWeight == null ? names.map(() => null) : inOrder(where, names, sampleWeight);
  const terms = functions.map((lossFunction, n): LossTerm => {
    requireWeights(where, `sampleWeight '${names[n]}'`, weights[n] ?? null, batch);
    return { lossFunction, labels: labels[n] as tf.Tensor, sampleWeight: weights[n] ?? null };
  });
  return (outputs) =>
    sumOf(terms.map((term, n) => meanLoss(where, term, outputs[n] as tf.Tensor) as tf.Scalar)) as tf.Scalar;
}

/**
 * For each output its losses, as its loss function returns them: [B] or [B, T] of most, a single number of some.
 *
 * @throws RangeError for an unknown loss; Error for a model that has no loss.
 */
export function lossesByOutput(
  where: string,
  model: tf.LayersModel,
  { labels, loss }: Pick<ModelLossArguments, 'labels' | 'loss'>,
  outputs: readonly tf.Tensor[],
): tf.Tensor[] {
  const spec = loss ?? (model.loss as ModelLoss | undefined);
  if (spec === undefined) throw invalidState(where, 'the model must be compiled, or a loss must be given', model.name);
  const { functions } = lossFunctions(where, model, spec);
  return functions.map((lossFunction, n) => lossFunction(labels[n] as tf.Tensor, outputs[n] as tf.Tensor));
}

function meanLoss(where: string, { lossFunction, labels, sampleWeight }: LossTerm, output: tf.Tensor): tf.Scalar {
  const losses = lossFunction(labels, output);
  if (!(losses instanceof tf.Tensor)) throw invalidArgument(where, 'loss must return a tensor', losses);
  if (sampleWeight === null) return tf.mean(losses);
  if (losses.shape[0] !== sampleWeight.shape[0]) {
    throw invalidArgument(where, 'loss must return [B, ...] if there are sample weights', losses);
  }
  const perSample = tf.reshape(sampleWeight, [-1, ...losses.shape.slice(1).map(() => 1)]);
  return tf.mean(tf.mul(losses, perSample));
}

interface Compiled {
  lossFunctions: LossFunction[];
  outputNames: string[];
}

/** Those of tfjs by their names, as far as they have been asked for: to compile a model takes as long as a small sequence. */
const namedLosses = new Map<string, LossFunction>();

function lossFunctions(
  where: string,
  model: tf.LayersModel,
  loss: ModelLoss,
): { functions: LossFunction[]; names: string[] } {
  const known = typeof loss === 'string' ? namedLosses.get(loss) : null;
  if (known != null) return { functions: model.outputs.map(() => known), names: model.outputNames };
  const resolved = resolvedLosses(where, model, loss);
  if (typeof loss === 'string') namedLosses.set(loss, resolved.functions[0] as LossFunction);
  return resolved;
}

/** Only tfjs knows its losses by name, and resolves them when it compiles a model: here, a second one over the same graph. */
function resolvedLosses(where: string, model: tf.LayersModel, loss: ModelLoss) {
  const twin = tf.model({ inputs: model.inputs, outputs: model.outputs, name: 'probe' });
  const { outputNames: names } = twin as unknown as Compiled;
  const refusalWithout = (name: string | undefined) =>
    invalidArgument(where, `loss must have an entry for the output '${name}'`, loss);
  if (isByName(loss)) {
    // Of one that is missing, compile would only warn; of one that is unknown, it throws.
    const missing = names.find((name) => loss[name] == null);
    const areKnown = Object.keys(loss).every((name) => names.includes(name));
    if (missing !== undefined && areKnown) throw refusalWithout(missing);
  }
  const optimizer = tf.train.sgd(0);
  try {
    twin.compile({ loss, optimizer });
  } catch (cause) {
    throw invalidArgument(where, `loss must be one that compile accepts${because(cause)}`, loss, { cause });
  } finally {
    optimizer.dispose();
  }
  const { lossFunctions: functions } = twin as unknown as Compiled;
  const without = functions.findIndex((one) => typeof one !== 'function');
  if (without >= 0) throw refusalWithout(names[without]);
  return { functions, names };
}

/** Whether tfjs takes it for losses by the names of outputs. */
function isByName(loss: ModelLoss): loss is Exclude<ModelLoss, string | unknown[] | ((...args: never[]) => unknown)> {
  return typeof loss !== 'string' && typeof loss !== 'function' && !Array.isArray(loss);
}

function inOrder(where: string, names: string[], given: PerOutput): (tf.Tensor | null | undefined)[] {
  const outputs = names.map((name) => `'${name}'`).join(', ');
  if (given instanceof tf.Tensor || Array.isArray(given)) {
    const list = [given].flat() as (tf.Tensor | null)[];
    if (list.length === names.length) return list;
    throw invalidArgument(where, `sampleWeight must be ${names.length} tensors, for ${outputs}`, given);
  }
  if (typeof given !== 'object' || given === null) {
    throw invalidArgument(where, `sampleWeight must be tensors, for ${outputs}`, given);
  }
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalidArgument(where, `sampleWeight must be by output, one of ${outputs}`, unknown);
  return names.map((name) => given[name]);
}

function requireWeights(where: string, name: string, weights: tf.Tensor | null, batch: number): void {
  if (weights === null) return;
  if (!(weights instanceof tf.Tensor) || weights.rank !== 1 || weights.shape[0] !== batch) {
    const received = (weights as unknown) instanceof tf.Tensor ? weights.shape : weights;
    throw invalidArgument(where, `${name} must be [B] = [${batch}]`, received);
  }
  requireUsable(where, name, weights);
}

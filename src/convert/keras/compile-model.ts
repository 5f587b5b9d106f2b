import * as tf from '@tensorflow/tfjs';
import type { Hdf5Group } from '../../formats/hdf5/read-hdf5.js';
import { ownOptimizer, trainedVariables } from '../../host/compiled-model.js';
import { setOptimizerMemory } from '../../host/optimizer-memory.js';
import { clipGradients } from '../../training/clip-gradients.js';
import { isObject, type Json, own, snakeCase } from './json.js';

/** What a file says of a model's training. */
export interface KerasTraining {
  /** Of `compile`: `optimizer`, `loss`, `metrics`, … */
  config: unknown;
  /** What the optimizer remembers, if the file has it in Keras 3's order. */
  memory: Hdf5Group | null;
  /** The names of the model's layers in the file's order. */
  layerNames: string[];
}

type Note = (text: string) => void;
type Loss = Exclude<tf.ModelCompileArgs['loss'], readonly unknown[] | object> | LossFunction;
type LossFunction = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;

/** An object or a name, as Keras writes losses, metrics and optimizers: the name in snake case, and the arguments. */
function described(value: unknown): { name: string; config: Json } | null {
  if (typeof value === 'string') return { name: snakeCase(value), config: {} };
  if (!isObject(value)) return null;
  const [className, config] = [own(value, 'class_name'), own(value, 'config')];
  if (className === 'function' && typeof config === 'string') return { name: config, config: {} };
  if (typeof className !== 'string') return null;
  const fields = isObject(config) ? config : {};
  // What TensorFlow's Keras puts around a metric that is a function.
  if (className === 'MeanMetricWrapper') return described(own(fields, 'fn'));
  // HDF5 files of its last versions call Keras's own optimizers so.
  return { name: snakeCase(className.replace(/^Custom>/, '')), config: fields };
}

const LOSSES: Readonly<Record<string, string>> = {
  binary_crossentropy: 'binaryCrossentropy',
  categorical_crossentropy: 'categoricalCrossentropy',
  categorical_hinge: 'categoricalHinge',
  hinge: 'hinge',
  kl_divergence: 'kullbackLeiblerDivergence',
  kullback_leibler_divergence: 'kullbackLeiblerDivergence',
  log_cosh: 'logcosh',
  logcosh: 'logcosh',
  mae: 'meanAbsoluteError',
  mape: 'meanAbsolutePercentageError',
  mean_absolute_error: 'meanAbsoluteError',
  mean_absolute_percentage_error: 'meanAbsolutePercentageError',
  mean_squared_error: 'meanSquaredError',
  mean_squared_logarithmic_error: 'meanSquaredLogarithmicError',
  mse: 'meanSquaredError',
  msle: 'meanSquaredLogarithmicError',
  poisson: 'poisson',
  sparse_categorical_crossentropy: 'sparseCategoricalCrossentropy',
  squared_hinge: 'squaredHinge',
};

/** Of logits: tfjs's losses of these names take probabilities. A value for each sample and step. */
const LOSSES_OF_LOGITS: Readonly<Record<string, LossFunction>> = {
  binary_crossentropy: (labels, logits) =>
    tf.tidy(() => tf.mean(tf.sub(tf.softplus(logits), tf.mul(labels, logits)), -1)),
  categorical_crossentropy: (labels, logits) =>
    tf.tidy(() => tf.neg(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1))),
};

const METRICS: Readonly<Record<string, string>> = {
  ...LOSSES,
  accuracy: 'accuracy',
  acc: 'accuracy',
  binary_accuracy: 'binaryAccuracy',
  categorical_accuracy: 'categoricalAccuracy',
  sparse_categorical_accuracy: 'sparseCategoricalAccuracy',
};
/** tfjs knows these as metrics; of the losses, no others. */
const METRICS_OF_TFJS: Readonly<Record<string, string>> = {
  meanSquaredError: 'mse',
  meanAbsoluteError: 'mae',
  meanAbsolutePercentageError: 'mape',
  accuracy: 'accuracy',
  binaryAccuracy: 'binaryAccuracy',
  categoricalAccuracy: 'categoricalAccuracy',
  categoricalCrossentropy: 'categoricalCrossentropy',
  sparseCategoricalCrossentropy: 'sparseCategoricalCrossentropy',
};

/** Arguments of losses that change what they compute, and the values that do not. */
const LOSS_DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  from_logits: [false, true],
  label_smoothing: [0],
  reduction: ['sum_over_batch_size', 'auto', 'mean', null],
  axis: [-1],
  ignore_class: [null],
};

/**
 * Compiles a loaded model as it was compiled in Keras, so that training goes on: the optimizer with its arguments and, of a
 * `.keras` file of Keras 3, with what it remembers; the loss; the metrics. What tfjs lacks is said in a note.
 */
export function compileAsInKeras(model: tf.LayersModel, training: KerasTraining, note: Note): void {
  const { config } = training;
  if (!isObject(config)) return;
  const optimizer = own(config, 'optimizer') ?? own(config, 'optimizer_config');
  const loss = own(config, 'loss');
  if (optimizer == null || loss == null) return;
  const lack = compile(model, { optimizer, loss, config }, training, note);
  if (lack !== null) note(`the model is not compiled, as ${lack}; call model.compile yourself to train it.`);
}

/** Returns what is in the way, if something is. */
function compile(
  model: tf.LayersModel,
  { optimizer, loss, config }: { optimizer: unknown; loss: unknown; config: Json },
  training: KerasTraining,
  note: Note,
): string | null {
  const weights = [own(config, 'loss_weights')].flat().filter((weight) => weight != null && weight !== 1);
  if (weights.length > 0) return 'its losses have weights, which tfjs lacks';
  const losses = lossesOf(loss);
  if (losses === null) return `tfjs lacks its loss ${wordsOf(loss)}`;
  const made = optimizerOf(optimizer, note);
  if (made === null) return `tfjs lacks its optimizer ${wordsOf(optimizer)}`;
  const metrics = metricsOf(own(config, 'metrics'), note);
  try {
    model.compile({ optimizer: made.optimizer, loss: losses as tf.ModelCompileArgs['loss'], metrics });
  } catch (cause) {
    made.optimizer.dispose();
    return `tfjs refuses: ${(cause as Error).message.slice(0, 200)}`;
  }
  ownOptimizer(model);
  if (!restore(model, made, training)) {
    note('the optimizer starts afresh: what it remembers of its training could not be taken over.');
  }
  return null;
}

const wordsOf = (value: unknown) => `'${(described(value)?.name ?? 'of its own kind').slice(0, 100)}'`;

function lossesOf(given: unknown): Loss | Loss[] | Record<string, Loss> | null {
  if (Array.isArray(given)) {
    const losses = given.map(lossOf);
    return losses.every((loss) => loss !== null) ? (losses as Loss[]) : null;
  }
  if (isObject(given) && !Object.hasOwn(given, 'class_name')) {
    const byName: Record<string, Loss> = {};
    for (const [name, value] of Object.entries(given)) {
      const loss = lossOf(value);
      if (loss === null || name === '__proto__') return null;
      byName[name] = loss;
    }
    return byName;
  }
  return lossOf(given);
}

function lossOf(given: unknown): Loss | null {
  const loss = described(given);
  if (loss === null) return null;
  const { name, config } = loss;
  for (const [key, allowed] of Object.entries(LOSS_DEFAULTS)) {
    const value = own(config, key);
    if (value !== undefined && !allowed.includes(value)) return null;
  }
  const table = own(config, 'from_logits') === true ? LOSSES_OF_LOGITS : LOSSES;
  return Object.hasOwn(table, name) ? (table[name] as Loss) : null;
}

function metricsOf(given: unknown, note: Note): string[] {
  const list = given == null ? [] : [given].flat(3);
  return list.flatMap((value) => {
    const name = described(value)?.name ?? '';
    const known = Object.hasOwn(METRICS, name) ? (METRICS[name] as string) : '';
    if (Object.hasOwn(METRICS_OF_TFJS, known)) return [METRICS_OF_TFJS[known] as string];
    if (value != null) note(`the metric ${wordsOf(value)} is left out, as tfjs lacks it.`);
    return [];
  });
}

interface MadeOptimizer {
  optimizer: tf.Optimizer;
  /** The fields of tfjs in Keras's order, and whether they alternate from variable to variable. */
  slots: readonly string[];
  isInterleaved: boolean;
  /** Keras's momentum has the learning rate in it, and the other sign. */
  scale?: number;
}

function optimizerOf(given: unknown, note: Note): MadeOptimizer | null {
  const found = described(given);
  if (found === null) return null;
  const inner = own(found.config, 'inner_optimizer');
  if (found.name === 'loss_scale_optimizer' && inner != null) return optimizerOf(inner, note);
  const { name, config } = found;
  const number = (key: string, otherwise: number) => {
    const value = own(config, key);
    return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
  };
  if (isNumberAbove(own(config, 'weight_decay'))) return null;
  const rate = rateOf(own(config, 'learning_rate') ?? own(config, 'lr'), note);
  const made = makeOptimizer(name, rate, number, config);
  if (made === null) return null;
  clip(made, config, note);
  return made;
}

function makeOptimizer(
  name: string,
  rate: number,
  number: (key: string, otherwise: number) => number,
  config: Json,
): MadeOptimizer | null {
  const momentum = number('momentum', 0);
  const plain = { isInterleaved: false };
  switch (name) {
    case 'sgd':
      if (momentum === 0) return { ...plain, optimizer: tf.train.sgd(rate), slots: [] };
      return {
        ...plain,
        optimizer: tf.train.momentum(rate, momentum, own(config, 'nesterov') === true),
        slots: ['accumulations'],
        scale: -1 / rate,
      };
    case 'adam': {
      if (own(config, 'amsgrad') === true) return null;
      const optimizer = tf.train.adam(rate, number('beta_1', 0.9), number('beta_2', 0.999), number('epsilon', 1e-7));
      return { optimizer, slots: ['accumulatedFirstMoment', 'accumulatedSecondMoment'], isInterleaved: true };
    }
    case 'rm_sprop':
    case 'rmsprop': {
      // tfjs's takes the root of what may be below 0, and all is NaN.
      if (own(config, 'centered') === true) return null;
      const optimizer = tf.train.rmsprop(rate, number('rho', 0.9), momentum, number('epsilon', 1e-7));
      const slots = ['accumulatedMeanSquares', ...(momentum > 0 ? ['accumulatedMoments'] : [])];
      return { ...plain, optimizer, slots };
    }
    case 'adagrad':
      return {
        ...plain,
        optimizer: tf.train.adagrad(rate, number('initial_accumulator_value', 0.1)),
        slots: ['accumulatedGrads'],
      };
    case 'adamax':
      return {
        optimizer: tf.train.adamax(rate, number('beta_1', 0.9), number('beta_2', 0.999), number('epsilon', 1e-7)),
        slots: ['accumulatedFirstMoment', 'accumulatedWeightedInfNorm'],
        isInterleaved: true,
      };
    // tfjs's Adadelta divides by the gradients of the steps before, without this one's.
    default:
      return null;
  }
}

const isNumberAbove = (value: unknown): value is number => typeof value === 'number' && value > 0;

function rateOf(given: unknown, note: Note): number {
  if (typeof given === 'number' && Number.isFinite(given)) return given;
  const schedule = isObject(given) ? own(given, 'config') : undefined;
  const first = isObject(schedule) ? own(schedule, 'initial_learning_rate') : undefined;
  const rate = isNumberAbove(first) ? first : 0.001;
  note(`the learning rate follows a schedule in Keras, and stays at ${rate} here.`);
  return rate;
}

/** Limits gradients as Keras does; by value, nothing here does. */
function clip({ optimizer }: MadeOptimizer, config: Json, note: Note): void {
  const [byVariable, byAll] = [own(config, 'clipnorm'), own(config, 'global_clipnorm')];
  if (isNumberAbove(own(config, 'clipvalue'))) {
    note('the gradients are not clipped by value here, as they are in Keras.');
  }
  if (isNumberAbove(byVariable)) clipGradients(optimizer, { variableNorm: byVariable });
  if (isNumberAbove(byAll)) clipGradients(optimizer, { globalNorm: byAll });
}

/** Lets the optimizer remember what it remembered in Keras. */
function restore(model: tf.LayersModel, made: MadeOptimizer, { memory, layerNames }: KerasTraining): boolean {
  const { optimizer, slots, isInterleaved, scale = 1 } = made;
  if (slots.length === 0) return true;
  const vars = memory?.get('vars');
  if (vars?.kind !== 'group') return false;
  const read = (index: number) => {
    const array = vars.get(String(index));
    return array?.kind === 'dataset' ? array : null;
  };
  const variables = trainedVariables(model);
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const inKeras = layerNames.flatMap((name) => layers.get(name)?.trainableWeights ?? []);
  // The first two are the iterations and the learning rate.
  const isAll = vars.names.length === 2 + slots.length * inKeras.length && inKeras.length === variables.length;
  if (!isAll) return false;
  const iterations = Number(read(0)?.read().data[0]);
  const place = (slot: number, variable: number) =>
    2 + (isInterleaved ? variable * slots.length + slot : slot * inKeras.length + variable);
  const values: Record<string, Float32Array[]> = {};
  for (const [slot, field] of slots.entries()) {
    values[field] = [];
    for (const variable of variables) {
      const at = inKeras.indexOf(variable);
      const array = at < 0 ? null : read(place(slot, at));
      if (array === null || array.shape.join() !== variable.shape.join()) return false;
      values[field].push(Float32Array.from(array.read().data as ArrayLike<number>, (value) => Number(value) * scale));
    }
  }
  return setOptimizerMemory(optimizer, values, variables, iterations);
}

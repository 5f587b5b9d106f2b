import * as tf from '@tensorflow/tfjs';
import { requireUsable } from '../../core/check-tensor.js';
import { invalidArgument } from '../../core/errors.js';

/**
 * The inputs of a model: a single tensor, an array in order, or an object by name. An input with one number per sample may be [B].
 */
export type ModelInputs = tf.Tensor | tf.Tensor[] | Record<string, tf.Tensor>;

/**
 * What a model should predict: for a single output, for each in order, or for each by name; shapes as for `ModelInputs`.
 */
export type ModelLabels = tf.Tensor | tf.Tensor[] | Record<string, tf.Tensor>;

/** As `compile` takes it: a name or function for all outputs, an array with one for each, or an object by their names. */
export type ModelLoss = tf.ModelCompileArgs['loss'];

/** Tensors in the model's order, as its layers take them. */
export interface ModelTensors {
  list: tf.Tensor[];
  /** Disposes what was made of the caller's tensors, and none of these. */
  dispose(): void;
}

/** What a model is run on. */
export interface ModelData {
  inputs: tf.Tensor[];
  /** Null where none were given. */
  labels: tf.Tensor[] | null;
  /** B */
  samples: number;
  /** Disposes what was made of the caller's tensors, and none of these. */
  dispose(): void;
}

export interface ModelDataOptions {
  /** What the labels are for. Default: the loss that the model was compiled with, if it was. */
  loss?: ModelLoss | null | undefined;
  /** Whether the number of samples may differ from the one that the model is built for. Default: false. */
  anyBatch?: boolean;
}

/**
 * Reads inputs and labels as `fit`, `evaluate` and `predict` do, in the model's order: one tensor, a list or tensors by
 * name; of rank 1 is taken for a column [B, 1]. Names that the model has not are passed over, as tfjs does. The caller
 * disposes what is returned.
 *
 * @throws RangeError for tensors that are missing, or of another shape than the model's, or of different numbers of
 *   samples.
 */
export function modelData(
  where: string,
  model: tf.LayersModel,
  inputs: ModelInputs,
  labels: ModelLabels | null | undefined,
  { loss, anyBatch = false }: ModelDataOptions = {},
): ModelData {
  const ofInputs = modelInputs(where, model, inputs, { anyBatch });
  const samples = (ofInputs.list[0] as tf.Tensor).shape[0] as number;
  try {
    const ofLabels = labels == null ? null : modelLabels(where, model, labels, samples, loss);
    const dispose = () => {
      ofInputs.dispose();
      ofLabels?.dispose();
    };
    return { inputs: ofInputs.list, labels: ofLabels?.list ?? null, samples, dispose };
  } catch (error) {
    ofInputs.dispose();
    throw error;
  }
}

/**
 * The inputs alone; see `modelData`.
 *
 * @throws RangeError
 */
export function modelInputs(
  where: string,
  model: tf.LayersModel,
  inputs: ModelInputs,
  { anyBatch = false }: Pick<ModelDataOptions, 'anyBatch'> = {},
): ModelTensors {
  const { names, shapes } = endsOf(model.inputs);
  const given = inOrder(where, 'inputs', names, inputs);
  return asTaken(given, [], (list) => {
    const samples = list[0]?.shape?.[0];
    for (const [n, input] of list.entries()) {
      const name = `input '${names[n]}'`;
      const [batch, ...others] = shapes[n] as tf.Shape;
      requireTensor(where, name, input, [anyBatch ? null : (batch ?? null), ...others]);
      if (input.shape[0] === samples && samples !== 0) continue;
      const rule = samples === 0 ? 'have one sample or more' : `have ${samples} samples, as the first input has`;
      throw invalidArgument(where, `${name} must ${rule}`, input.shape);
    }
  });
}

/** Of a loss that takes classes by number, labels are one number for each place. */
function modelLabels(
  where: string,
  model: tf.LayersModel,
  labels: ModelLabels,
  samples: number,
  ofCall: ModelLoss | null | undefined,
): ModelTensors {
  const { names, shapes } = endsOf(model.outputs);
  const loss = ofCall ?? (model.loss as ModelLoss | undefined);
  const isSparse = names.map((_, n) => lossOfOutput(loss, names, n) === 'sparseCategoricalCrossentropy');
  const expected = shapes.map(([, ...others], n) => [samples, ...(isSparse[n] ? [...others.slice(0, -1), 1] : others)]);
  // tfjs's own loss rounds classes down, which it cannot do with integers.
  const given = inOrder(where, 'labels', names, labels);
  return asTaken(given, isSparse, (list) => {
    for (const [n, label] of list.entries()) {
      // Without a loss nobody knows what shape they should have.
      const shape = loss === undefined ? [samples, ...(label?.shape?.slice(1) ?? [])] : (expected[n] as tf.Shape);
      requireTensor(where, `labels '${names[n]}'`, label, shape);
    }
  });
}

/** The names and shapes of a model's inputs or outputs. A Sequential has its `inputNames` only once it has run. */
function endsOf(ends: tf.SymbolicTensor[]): { names: string[]; shapes: tf.Shape[] } {
  return { names: ends.map(({ sourceLayer }) => sourceLayer.name), shapes: ends.map(({ shape }) => shape) };
}

function lossOfOutput(loss: ModelLoss | undefined, names: string[], n: number): unknown {
  if (Array.isArray(loss)) return loss[n];
  return typeof loss === 'object' ? (loss as Record<string, unknown>)[names[n] as string] : loss;
}

function inOrder(where: string, argument: string, names: string[], given: unknown): unknown[] {
  const known = names.map((name) => `'${name}'`).join(', ');
  // A tensor, of whatever copy of tfjs, has a list as its shape; an input may be named 'shape'.
  const isList = Array.isArray(given) || Array.isArray((given as { shape?: unknown } | null | undefined)?.shape);
  const isByName = typeof given === 'object' && given !== null && !isList;
  if (isByName) {
    if (names.every((name) => (given as Record<string, unknown>)[name] != null)) {
      return names.map((name) => (given as Record<string, unknown>)[name]);
    }
    throw invalidArgument(where, `${argument} by name must have each of ${known}`, Object.keys(given));
  }
  const list = [given].flat();
  if (given != null && list.length === names.length) return list;
  const tensors = names.length === 1 ? 'a tensor' : `${names.length} tensors`;
  throw invalidArgument(where, `${argument} must be ${tensors}, for ${known}`, given);
}

/** Makes columns of what has rank 1, checks all, and leaves nothing behind where that throws. */
function asTaken(given: unknown[], asFloat: boolean[], check: (list: tf.Tensor[]) => void): ModelTensors {
  const made: tf.Tensor[] = [];
  const list = given.map((tensor, n) => {
    if (!(tensor instanceof tf.Tensor) || tensor.isDisposed) return tensor as tf.Tensor;
    const isCast = asFloat[n] === true && tensor.dtype === 'int32';
    if (tensor.rank !== 1 && !isCast) return tensor;
    const taken = tf.tidy(() => {
      const column = tensor.rank === 1 ? tf.expandDims(tensor, 1) : tensor;
      return tf.keep(isCast ? tf.cast(column, 'float32') : column);
    });
    made.push(taken);
    return taken;
  });
  try {
    check(list);
  } catch (error) {
    tf.dispose(made);
    throw error;
  }
  return { list, dispose: () => tf.dispose(made) };
}

function requireTensor(where: string, name: string, tensor: unknown, expected: tf.Shape): void {
  if (!(tensor instanceof tf.Tensor)) throw invalidArgument(where, `${name} must be a concrete tensor`, tensor);
  const fits = expected.every((size, axis) => size === null || size === tensor.shape[axis]);
  if (tensor.rank !== expected.length || !fits) {
    const shape = expected.map((size, axis) => size ?? (axis === 0 ? 'B' : 'any')).join(', ');
    throw invalidArgument(where, `${name} must be [${shape}]`, tensor.shape);
  }
  requireUsable(where, name, tensor);
}

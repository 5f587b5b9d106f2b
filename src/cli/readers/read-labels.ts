import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../user-error.js';
import { type ArraysFor, arraysToTensors, layerNameOf, readArrays } from './arrays.js';
import { readJson } from './read-file.js';

/**
 * Reads what a model should have answered: `.npy` or JSON, one array an output. The caller disposes the tensors.
 *
 * @throws UserError
 */
export function readLabels(path: string, model: tf.LayersModel, samples: number): tf.Tensor[] {
  const what: ArraysFor = { role: 'output', names: model.outputs.map(layerNameOf) };
  const arrays = readArrays(path, what);
  if (arrays === null) throw new UserError(`the labels must be .json or .npy, got '${path}'`);
  // One number a sample is what [B, 1] holds, as `fit` takes it.
  const inRows = arrays.map(({ shape, values }) => ({ shape: shape.length === 1 ? [...shape, 1] : shape, values }));
  return arraysToTensors(path, inRows, what, { dtypes: [], samples });
}

function isLabel(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/**
 * Reads what stands at the timesteps of the input, from JSON: an array with one for each, or such an array for each
 * sample.
 *
 * @throws UserError
 */
export function readTimeLabels(path: string, samples: number): (string | number)[] | (string | number)[][] {
  const document = readJson(path, 'the labels along time');
  if (Array.isArray(document)) {
    if (document.every(isLabel)) return document;
    if (document.every((row) => Array.isArray(row) && row.every(isLabel))) return document.slice(0, samples);
  }
  throw new UserError(`'${path}' must be an array of strings or numbers, or such an array for each sample`);
}

import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../user-error.js';
import { type ArraysFor, layerNameOf, readArrays, toTensors } from './arrays.js';
import { readJson } from './read-file.js';

export interface ReadLabels {
  /** One for each output of the model, each [B, ...]; the caller disposes them. */
  labels: tf.Tensor[];
  /** Of what the file holds, all samples of it. */
  shapes: number[][];
}

/**
 * Reads the labels of a model: `.npy` or JSON, one array per output.
 *
 * @throws UserError
 */
export function readLabels(path: string, model: tf.LayersModel, samples: number): ReadLabels {
  const expected: ArraysFor = { role: 'output', what: 'the labels', names: model.outputs.map(layerNameOf) };
  const arrays = readArrays(path, expected, samples);
  if (arrays === null) throw new UserError(`the labels must be .json or .npy, got '${path}'`);
  return { labels: toTensors(arrays, samples), shapes: arrays.map(({ shape }) => shape) };
}

function isLabel(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/**
 * Reads the time labels of the input from JSON: an array with one for each timestep, or one such array for each sample.
 *
 * @throws UserError
 */
export function readTimeLabels(path: string, samples: number): (string | number)[] | (string | number)[][] {
  const document = readJson(path, 'the time labels');
  if (Array.isArray(document)) {
    if (document.every(isLabel)) return document;
    if (document.every((row) => Array.isArray(row) && row.every(isLabel))) return document.slice(0, samples);
  }
  throw new UserError(`'${path}' must be an array of strings or numbers, or such an array for each sample`);
}

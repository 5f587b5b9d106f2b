import * as tf from '@tensorflow/tfjs';
import { flattenNumbers } from '../../testing/flatten-numbers.js';
import { UserError } from '../user-error.js';
import { type NumberArray, parseNpy } from './npy.js';
import { readBytes, readJson } from './read-file.js';
import { readTokens } from './text.js';
import { oneHotOf, type PaddingSide, paddedIds, withZeros } from './text-arrays.js';
import { readVocabulary } from './vocabulary.js';

/** How a file becomes a model's inputs. */
export interface InputOptions {
  /** Path of the vocabulary, without which text cannot be read. */
  vocabulary?: string | undefined;
  /** At which end short lines of text are filled up. */
  pad: PaddingSide;
  /** At most so many samples, the first ones. */
  samples: number;
}

export interface ReadInputs {
  /** One for each input of the model, each [B, ...]; the caller disposes them. */
  inputs: tf.Tensor[];
  /** What stands at each timestep of each sample, where the file says so: the tokens of text. */
  labels: string[][] | null;
}

/** Numbers out of JSON: nested arrays. */
export function numbersOf(document: unknown, what: string): NumberArray {
  const found = flattenNumbers(document);
  if (found === null) throw new UserError(`${what} must be numbers in nested arrays of equal lengths`);
  return { shape: found.shape, values: Float32Array.from(found.values) };
}

function hasNames(document: unknown): document is Record<string, unknown> {
  return typeof document === 'object' && document !== null && !Array.isArray(document);
}

/** The arrays of a JSON file: one, or one for each input by its name. */
function readJsonArrays(path: string, names: readonly string[]): NumberArray[] {
  const document = readJson(path, 'the input');
  if (!hasNames(document)) return [numbersOf(document, `'${path}'`)];
  const unknown = Object.keys(document).find((name) => !names.includes(name));
  const list = names.map((name) => `'${name}'`).join(', ');
  if (unknown !== undefined) throw new UserError(`'${path}' has '${unknown}', but the model's inputs are ${list}`);
  return names.map((name) => {
    if (!Object.hasOwn(document, name)) throw new UserError(`'${path}' lacks the model's input '${name}'`);
    return numbersOf(document[name], `'${name}' in '${path}'`);
  });
}

function readText(
  path: string,
  [input]: tf.SymbolicTensor[],
  { vocabulary: vocabularyPath, pad, samples }: InputOptions,
) {
  if (vocabularyPath === undefined) {
    throw new UserError(`'${path}' is neither .json nor .npy; to read it as text, give --vocabulary too`);
  }
  const vocabulary = readVocabulary(vocabularyPath);
  const { tokens, ids } = readTokens(path, vocabulary);
  const [, timesteps = null, features] = (input as tf.SymbolicTensor).shape;
  const first = ids.slice(0, samples);
  const { padded, labels } = paddedIds(first, tokens.slice(0, samples), { timesteps, pad });
  const rank = (input as tf.SymbolicTensor).shape.length;
  if (rank === 2) return { arrays: [withZeros(padded)], labels };
  if (rank === 3 && typeof features === 'number') return { arrays: [oneHotOf(padded, features, vocabulary)], labels };
  throw new UserError('text is for models that take token numbers [B, T] or one-hot vectors [B, T, D]');
}

function readArrays(path: string, inputs: tf.SymbolicTensor[], names: string[], options: InputOptions) {
  const ending = path.toLowerCase().slice(path.lastIndexOf('.'));
  if (ending === '.npy') return { arrays: [parseNpy(readBytes(path, 'the input'), path)], labels: null };
  if (ending === '.json') return { arrays: readJsonArrays(path, names), labels: null };
  if (inputs.length > 1) {
    throw new UserError(
      `the model has ${inputs.length} inputs: give a JSON object with one for each of ${names.join(', ')}`,
    );
  }
  return readText(path, inputs, options);
}

function toTensor({ shape, values }: NumberArray, dtype: tf.DataType, samples: number): tf.Tensor {
  const [batch = 0, ...rest] = shape;
  const kept = Math.min(batch, samples);
  const size = rest.reduce((product, length) => product * length, 1);
  return tf.tidy(() => tf.tensor(values.subarray(0, kept * size), [kept, ...rest]).cast(dtype));
}

/**
 * Reads what a model is to run on: `.npy`; JSON, nested arrays or an object of them by the names of the inputs; or text,
 * a sample a line, with a vocabulary.
 *
 * @throws UserError
 */
export function readInputs(path: string, model: tf.LayersModel, options: InputOptions): ReadInputs {
  const { inputs, inputNames } = model as tf.LayersModel & { inputNames: string[] };
  const { arrays, labels } = readArrays(path, inputs, inputNames, options);
  if (arrays.length !== inputs.length) {
    throw new UserError(
      `the model has ${inputs.length} inputs (${inputNames.join(', ')}), but '${path}' holds ${arrays.length}`,
    );
  }
  for (const [n, { shape }] of arrays.entries()) {
    if (shape.length === 0 || shape[0] === 0) throw new UserError(`'${path}' holds no sample for '${inputNames[n]}'`);
  }
  const tensors = arrays.map((array, n) => toTensor(array, inputs[n]?.dtype ?? 'float32', options.samples));
  return { inputs: tensors, labels };
}

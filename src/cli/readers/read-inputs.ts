import type * as tf from '@tensorflow/tfjs';
import type { FirstRows } from '../../formats/byte-source.js';
import { UserError } from '../user-error.js';
import { type ArraysFor, layerNameOf, readArrays, toTensors } from './arrays.js';
import { STANDARD_INPUT } from './read-file.js';
import { readTokens } from './text.js';
import { oneHotOf, type PaddingSide, paddedIds, withZeros } from './text-arrays.js';
import { readVocabulary, type Vocabulary } from './vocabulary.js';

/** How a file becomes a model's inputs. */
export interface InputOptions {
  /** Path of the vocabulary, without which text cannot be read. */
  vocabulary?: string | undefined;
  /** The side on which short lines of text are padded. */
  pad: PaddingSide;
  /** At most so many samples, the first ones. */
  samples: number;
}

export interface ReadInputs {
  /** One for each input of the model, each [B, ...]; the caller disposes them. */
  inputs: tf.Tensor[];
  /** Of what the file holds, all samples of it. */
  shapes: number[][];
  /** What stands at each timestep of each sample, where the file says so: the tokens of text. */
  tokens: string[][] | null;
  /** The token of each number, where there is a vocabulary: what the model predicts, if it predicts text. */
  vocabulary: string[] | null;
}

interface ReadText {
  array: FirstRows;
  tokens: string[][];
  /** How many lines the file has. */
  lines: number;
  vocabulary: string[];
}

function readText(path: string, inputs: tf.SymbolicTensor[], options: InputOptions): ReadText {
  const { vocabulary: vocabularyPath, pad, samples } = options;
  if (inputs.length > 1) {
    throw new UserError(
      `the model has ${inputs.length} inputs: give a JSON object that holds an array for each by name`,
    );
  }
  if (vocabularyPath === undefined) {
    throw new UserError(`'${path}' is neither .json nor .npy; to read it as text, give --vocabulary too`);
  }
  const vocabulary = readVocabulary(vocabularyPath);
  const { lines, ...text } = readTokens(path, vocabulary, samples);
  const { shape } = inputs[0] as tf.SymbolicTensor;
  const [, timesteps = null, features] = shape;
  const { padded, labels: tokens } = paddedIds(text.ids, text.tokens, { timesteps, pad });
  const read = { tokens, lines, vocabulary: tokensOf(vocabulary) };
  if (shape.length === 2) return { array: withZeros(padded), ...read };
  if (shape.length === 3 && typeof features === 'number') {
    return { array: oneHotOf(padded, features, vocabulary), ...read };
  }
  throw new UserError('text input needs a model that takes token numbers [B, T] or one-hot vectors [B, T, D]');
}

/** By number; a number without a token is called by itself. */
function tokensOf({ ids, size }: Vocabulary): string[] {
  const tokens = Array.from({ length: size }, (_, id) => `${id}`);
  for (const [token, id] of ids) tokens[id] = token;
  return tokens;
}

/**
 * Reads the inputs of a model: `.npy`; JSON with nested arrays, or an object of these by the names of the inputs; or text
 * with one sample per line, and a vocabulary.
 *
 * @throws UserError
 */
export function readInputs(path: string, model: tf.LayersModel, options: InputOptions): ReadInputs {
  // A Sequential's own inputNames are empty.
  const { inputs } = model;
  const { samples } = options;
  const expected: ArraysFor = { role: 'input', what: 'the input', names: inputs.map(layerNameOf) };
  // What it is called by does not tell what it is, but who gives a vocabulary means text.
  const isText = path === STANDARD_INPUT && options.vocabulary !== undefined;
  const arrays = isText ? null : readArrays(path, expected, samples);
  if (arrays !== null && options.vocabulary !== undefined) {
    throw new UserError(`--vocabulary is for text, but '${path}' holds numbers`);
  }
  const text = arrays === null ? readText(path, inputs, options) : null;
  const read = text === null ? (arrays as FirstRows[]) : [text.array];
  const dtypes = inputs.map(({ dtype }) => dtype);
  return {
    inputs: toTensors(read, samples, dtypes),
    shapes: read.map(({ shape: [rows = 0, ...rest] }) => [text?.lines ?? rows, ...rest]),
    tokens: text?.tokens ?? null,
    vocabulary: text?.vocabulary ?? null,
  };
}

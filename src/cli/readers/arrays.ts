import * as tf from '@tensorflow/tfjs';
import { flattenNumbers } from '../../testing/flatten-numbers.js';
import { UserError } from '../user-error.js';
import { type NumberArray, parseNpy } from './npy.js';
import { readBytes, readJson } from './read-file.js';

/** What a file of arrays is for: a model's inputs or outputs. */
export interface ArraysFor {
  role: 'input' | 'output';
  /** The names that the model gives them. */
  names: readonly string[];
}

/** How a model calls an input or an output: by the layer that it is of. */
export function layerNameOf({ sourceLayer }: tf.SymbolicTensor): string {
  return sourceLayer.name;
}

function numbersOf(document: unknown, what: string): NumberArray {
  const found = flattenNumbers(document);
  if (found === null) throw new UserError(`${what} must be numbers in nested arrays of equal lengths`);
  return { shape: found.shape, values: Float32Array.from(found.values) };
}

function hasNames(document: unknown): document is Record<string, unknown> {
  return typeof document === 'object' && document !== null && !Array.isArray(document);
}

/** The arrays of a JSON file: one, or one for each name. */
function readJsonArrays(path: string, { role, names }: ArraysFor): NumberArray[] {
  const document = readJson(path, `the ${role}`);
  if (!hasNames(document)) return [numbersOf(document, `'${path}'`)];
  const unknown = Object.keys(document).find((name) => !names.includes(name));
  const list = names.map((name) => `'${name}'`).join(', ');
  if (unknown !== undefined) throw new UserError(`'${path}' has '${unknown}', but the model's ${role}s are ${list}`);
  return names.map((name) => {
    if (!Object.hasOwn(document, name)) throw new UserError(`'${path}' lacks the model's ${role} '${name}'`);
    return numbersOf(document[name], `'${name}' in '${path}'`);
  });
}

/**
 * Reads `.npy`, or JSON: nested arrays, or an object of them by name. Null for a file of another kind.
 *
 * @throws UserError
 */
export function readArrays(path: string, what: ArraysFor): NumberArray[] | null {
  const ending = path.toLowerCase().slice(path.lastIndexOf('.'));
  if (ending === '.npy') return [parseNpy(readBytes(path, `the ${what.role}`), path)];
  return ending === '.json' ? readJsonArrays(path, what) : null;
}

/**
 * Arrays as tensors, which the caller disposes: the first samples, each of a dtype.
 *
 * @throws UserError for another number of arrays than the model has, and for one without samples.
 */
export function arraysToTensors(
  path: string,
  arrays: readonly NumberArray[],
  { role, names }: ArraysFor,
  { dtypes, samples }: { dtypes: readonly tf.DataType[]; samples: number },
): tf.Tensor[] {
  if (arrays.length !== names.length) {
    const count = `the model has ${names.length} ${role}s (${names.join(', ')})`;
    throw new UserError(`${count}, but '${path}' holds ${arrays.length}`);
  }
  for (const [n, { shape }] of arrays.entries()) {
    if (shape.length === 0 || shape[0] === 0) throw new UserError(`'${path}' holds no sample for '${names[n]}'`);
  }
  return arrays.map((array, n) => firstSamples(array, dtypes[n] ?? 'float32', samples));
}

function firstSamples({ shape, values }: NumberArray, dtype: tf.DataType, samples: number): tf.Tensor {
  const [batch = 0, ...rest] = shape;
  const kept = Math.min(batch, samples);
  const size = rest.reduce((product, length) => product * length, 1);
  return tf.tidy(() => tf.tensor(values.subarray(0, kept * size), [kept, ...rest]).cast(dtype));
}

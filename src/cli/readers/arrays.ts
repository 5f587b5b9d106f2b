import * as tf from '@tensorflow/tfjs';
import type { ByteSource, FirstRows } from '../../formats/byte-source.js';
import { readJsonArrays } from '../../formats/json-arrays.js';
import { readNpy } from '../../formats/npy.js';
import { UserError } from '../user-error.js';
import { readFrom, STANDARD_INPUT } from './read-file.js';

/** What a file of arrays is for: a model's inputs or outputs. */
export interface ArraysFor {
  role: 'input' | 'output';
  /** What the file is, for errors. */
  what: string;
  /** The names that the model gives them. */
  names: readonly string[];
}

/** How a model calls an input or an output: by the layer that it is of. */
export function layerNameOf({ sourceLayer }: tf.SymbolicTensor): string {
  return sourceLayer.name;
}

/**
 * Reads the first samples of `.npy`, or of JSON: nested arrays, or an object of them by name. Null for a file of another
 * kind.
 *
 * @throws UserError for what is no such file; for another number of arrays than the model has, and for one without
 *   samples.
 */
export function readArrays(path: string, expected: ArraysFor, samples: number): FirstRows[] | null {
  const { role, what, names } = expected;
  const ending = path.toLowerCase().slice(path.lastIndexOf('.'));
  const read = path === STANDARD_INPUT ? readEither : { '.npy': readNpy, '.json': readJsonArrays }[ending];
  if (read === undefined) return null;
  const found = readFrom(path, what, (source) => read(source, samples));
  const arrays = found instanceof Map ? inOrder(path, found, expected) : [found];
  if (arrays.length !== names.length) {
    const count = `the model has ${names.length} ${role}s (${names.join(', ')})`;
    throw new UserError(`${count}, but '${path}' holds ${arrays.length}`);
  }
  for (const [n, { shape }] of arrays.entries()) {
    if (shape.length === 0 || shape[0] === 0) throw new UserError(`'${path}' holds no samples for '${names[n]}'`);
  }
  return arrays;
}

/** Of what has no name that tells: an .npy file begins as no JSON does. */
function readEither(source: ByteSource, samples: number): FirstRows | Map<string, FirstRows> {
  return source.read(0, 1)[0] === FIRST_OF_NPY ? readNpy(source, samples) : readJsonArrays(source, samples);
}

const FIRST_OF_NPY = 0x93;

function inOrder(path: string, found: ReadonlyMap<string, FirstRows>, { role, names }: ArraysFor): FirstRows[] {
  const unknown = [...found.keys()].find((name) => !names.includes(name));
  const list = names.map((name) => `'${name}'`).join(', ');
  if (unknown !== undefined) throw new UserError(`'${path}' has '${unknown}', but the model's ${role}s are ${list}`);
  return names.map((name) => {
    const array = found.get(name);
    if (array === undefined) throw new UserError(`'${path}' lacks the model's ${role} '${name}'`);
    return array;
  });
}

/** The first samples as tensors, each of a dtype; float32 where none is given. The caller disposes them. */
export function toTensors(
  arrays: readonly FirstRows[],
  samples: number,
  dtypes: readonly tf.DataType[] = [],
): tf.Tensor[] {
  return arrays.map(({ shape: [batch = 0, ...rest], values }, n) =>
    tf.tidy(() => tf.tensor(values, [Math.min(batch, samples), ...rest]).cast(dtypes[n] ?? 'float32')),
  );
}

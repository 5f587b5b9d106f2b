import { UserError } from '../user-error.js';

const BYTES_OF = { float32: 4, int32: 4, bool: 1, float16: 2, uint16: 2, uint8: 1 };
const DTYPES = ['float32', 'int32', 'bool'];
const QUANTIZED = ['float16', 'uint16', 'uint8'];

/** One weight, as tfjs describes it; what else the description holds is for tfjs to read. */
export interface WeightSpec {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32' | 'bool';
  quantization?: { dtype: 'float16' | 'uint16' | 'uint8' };
}

/** Weights that lie in the same files, one after the other. */
export interface WeightGroup {
  paths: string[];
  weights: WeightSpec[];
  /** What the weights take, and so what the files must hold. */
  bytes: number;
}

function requireThat(holds: boolean, where: string, rule: string): asserts holds {
  if (!holds) throw new UserError(`${where} must be ${rule}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The bytes that a weight takes. */
function bytesOf(spec: unknown, where: string): number {
  requireThat(isObject(spec), where, 'an object');
  const { name, shape, dtype, quantization } = spec;
  requireThat(typeof name === 'string', `${where}.name`, 'a string');
  requireThat(Array.isArray(shape) && shape.every(isSize), `${where}.shape`, 'an array of sizes');
  requireThat(DTYPES.includes(dtype as string), `${where}.dtype`, `one of ${DTYPES.join(', ')}`);
  requireThat(quantization === undefined || isObject(quantization), `${where}.quantization`, 'an object');
  const stored = quantization === undefined ? dtype : quantization.dtype;
  requireThat(
    quantization === undefined || QUANTIZED.includes(stored as string),
    `${where}.quantization.dtype`,
    `one of ${QUANTIZED.join(', ')}`,
  );
  const elements = (shape as number[]).reduce((product, size) => product * size, 1);
  const bytes = elements * BYTES_OF[stored as keyof typeof BYTES_OF];
  requireThat(Number.isSafeInteger(bytes), `${where}.shape`, 'of a size that a file can have');
  return bytes;
}

/**
 * Checks the part of a `model.json` that says where the weights are, before any of them is read.
 *
 * @param where How an error names it: `the weightsManifest of 'model.json'`.
 * @throws UserError
 */
export function readWeightManifest(manifest: unknown, where: string): WeightGroup[] {
  requireThat(Array.isArray(manifest), where, 'an array of groups of weights');
  return manifest.map((group, index) => {
    const here = `${where}, [${index}]`;
    requireThat(isObject(group), here, 'an object');
    const { paths, weights } = group;
    const arePaths = Array.isArray(paths) && paths.every((path) => typeof path === 'string' && path !== '');
    requireThat(arePaths, `${here}.paths`, 'an array of file names');
    requireThat(Array.isArray(weights), `${here}.weights`, 'an array of weights');
    const bytes = weights.reduce<number>((sum, spec, n) => sum + bytesOf(spec, `${here}.weights[${n}]`), 0);
    return { paths: paths as string[], weights: weights as WeightSpec[], bytes };
  });
}

import { FileError } from './file-error.js';

const BYTES_OF = { float32: 4, int32: 4, bool: 1, float16: 2, uint16: 2, uint8: 1 };
const DTYPES = ['float32', 'int32', 'bool'];
const QUANTIZED = ['float16', 'uint16', 'uint8'];

/** One weight, as tfjs describes it; what else the description holds is for tfjs to read. */
export interface WeightSpec {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32' | 'bool';
  quantization?: { dtype: 'float16' | 'uint16' | 'uint8'; scale?: number; min?: number };
}

/** Weights that lie in the same files, one after the other. */
export interface WeightGroup {
  paths: string[];
  weights: WeightSpec[];
  /** What the weights take, and so what the files must hold. */
  bytes: number;
}

function requireThat(holds: boolean, place: string, rule: string): asserts holds {
  if (!holds) throw new FileError(place, `must be ${rule}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** How the numbers of a weight are stored. */
function storedAs({ dtype, quantization }: Record<string, unknown>, place: string): keyof typeof BYTES_OF {
  requireThat(DTYPES.includes(dtype as string), `${place}.dtype`, `one of ${DTYPES.join(', ')}`);
  if (quantization === undefined) return dtype as keyof typeof BYTES_OF;
  requireThat(isObject(quantization), `${place}.quantization`, 'an object');
  const { dtype: stored, scale, min } = quantization;
  const rule = `one of ${QUANTIZED.join(', ')}`;
  requireThat(QUANTIZED.includes(stored as string), `${place}.quantization.dtype`, rule);
  // tfjs multiplies whatever stands there.
  for (const [name, value] of Object.entries(stored === 'float16' ? {} : { scale, min })) {
    requireThat(Number.isFinite(value), `${place}.quantization.${name}`, 'a finite number');
  }
  return stored as keyof typeof BYTES_OF;
}

/** The bytes that a weight of a checked manifest takes in its file. */
export function bytesOfWeight({ shape, dtype, quantization }: WeightSpec): number {
  return shape.reduce((product, size) => product * size, 1) * BYTES_OF[quantization?.dtype ?? dtype];
}

/** The bytes that a weight takes. */
function bytesOf(spec: unknown, place: string): number {
  requireThat(isObject(spec), place, 'an object');
  const { name, shape } = spec;
  requireThat(typeof name === 'string', `${place}.name`, 'a string');
  requireThat(Array.isArray(shape) && shape.every(isSize), `${place}.shape`, 'an array of sizes');
  const elements = (shape as number[]).reduce((product, size) => product * size, 1);
  const bytes = elements * BYTES_OF[storedAs(spec, place)];
  requireThat(Number.isSafeInteger(bytes), `${place}.shape`, 'of a size that a file can have');
  return bytes;
}

/**
 * Checks the part of a `model.json` that says where the weights are, before any of them is read.
 *
 * @param place How an error names it.
 * @throws FileError for anything that tfjs does not write, and for two weights of one name.
 */
export function readWeightManifest(manifest: unknown, place = 'weightsManifest'): WeightGroup[] {
  requireThat(Array.isArray(manifest), place, 'an array of groups of weights');
  const placeOf = new Map<string, string>();
  return manifest.map((group, index) => {
    const here = `${place}[${index}]`;
    requireThat(isObject(group), here, 'an object');
    const { paths, weights } = group;
    const arePaths = Array.isArray(paths) && paths.every((path) => typeof path === 'string' && path !== '');
    requireThat(arePaths, `${here}.paths`, 'an array of file names');
    requireThat(Array.isArray(weights), `${here}.weights`, 'an array of weights');
    let bytes = 0;
    for (const [n, spec] of weights.entries()) {
      const there = `${here}.weights[${n}]`;
      bytes += bytesOf(spec, there);
      const { name } = spec as WeightSpec;
      const other = placeOf.get(name);
      // tfjs would take the later one for both.
      requireThat(other === undefined, `${there}.name`, `different from '${name}', the name of ${other}`);
      placeOf.set(name, there);
    }
    requireThat(Number.isSafeInteger(bytes), here, 'of a size that files can have');
    return { paths: paths as string[], weights: weights as WeightSpec[], bytes };
  });
}

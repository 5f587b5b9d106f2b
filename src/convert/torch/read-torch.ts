import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { A_BOOLEAN, A_POSITIVE_INTEGER, A_STRING, checkOptions, type OptionRules } from '../../core/options.js';
import { FileError } from '../../formats/file-error.js';
import { readSafetensors } from '../../formats/safetensors.js';
import type { StoredArray } from '../../formats/stored-array.js';
import { lstm } from '../../layers/factories.js';
import { gruCell } from '../../variants/gru-cell.js';
import { peepholeCell } from '../../variants/peephole-cell.js';
import { buildLayer } from '../build-layer.js';
import { transposed, withBlocksInOrder } from '../gate-blocks.js';
import { openSource, type Source } from '../source.js';
import { findModule, type ModuleWeights, type NamedArray, type RecurrentModule } from './recurrent-modules.js';

/** The options of `readTorch`. */
export interface ReadTorchOptions {
  /**
   * What stands before `weight_ih_l0` in the names of the module's weights: `'encoder.rnn.'`. Needed only where the file has
   * more than one recurrent module; the beginning of one module's prefix will do.
   */
  prefix?: string;
  /**
   * Only true, the default: as with `batch_first=True`, the layers take [B, T, D], like all of TensorFlow.js. A module
   * without it has the same weights; transpose what it would be given, by `tf.transpose(x, [1, 0, 2])`.
   */
  batchFirst?: boolean;
  /**
   * Whether the layers output zeros at masked steps, as PyTorch does after the end of a packed sequence. Default: false, as
   * in Keras: they repeat the last output.
   */
  zeroOutputForMask?: boolean;
  /** The longest file that is read, in bytes. Default: 2 GiB. */
  maxBytes?: number;
}

const RULES: OptionRules = {
  prefix: A_STRING,
  batchFirst: A_BOOLEAN,
  zeroOutputForMask: A_BOOLEAN,
  maxBytes: A_POSITIVE_INTEGER,
};

/** What `readTorch` reads. */
export interface TorchModule {
  /** One for each layer of the module, the first one first: `lstm`, or `bidirectional` of it. */
  layers: tf.layers.Layer[];
  /** Every tensor of the file by its name, those of other modules too, in PyTorch's layout. */
  tensors: Map<string, StoredArray>;
}

/**
 * Reads an `nn.LSTM`, `nn.GRU`, `nn.LSTMCell` or `nn.GRUCell` of PyTorch from a safetensors file of its state dict, or of a larger model's.
 *
 * ```ts
 * const { layers, tensors } = await readTorch('model.safetensors', { prefix: 'encoder.rnn.' });
 * const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [null, 3] }), ...layers] });
 * ```
 *
 * The layers take [B, T, D] and return [B, T, U] (twice as wide if bidirectional, forward first); they are built, with the
 * weights, and belong to the caller. Where the module has a projection, `proj_size`, they are layers over a `peepholeCell`
 * without peepholes; a GRU is one over a `gruCell`. For the states use layers of your own, with `returnState`, and `setWeights(layers[0].getWeights())`.
 * float16, bfloat16 and float64 become float32; an LSTM's two biases are summed. Dropout between layers is no weight,
 * and is left out.
 *
 * Naming and layout: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 *
 * @returns The layers, and all tensors of the file.
 * @throws RangeError for wrong options. FileError for what is no safetensors file, for a file with no such module, or
 *   with several and no prefix, for `nn.RNN`, and for weights that are missing or do not fit together.
 * @category PyTorch
 */
export async function readTorch(source: Source, options: ReadTorchOptions = {}): Promise<TorchModule> {
  const where = 'readTorch';
  checkOptions(where, options, RULES);
  const { prefix, batchFirst, zeroOutputForMask, maxBytes } = options;
  if (batchFirst === false) {
    const rule =
      'batchFirst must be true or left out, because layers of TensorFlow.js take [B, T, D]; the weights are the same: transpose the input by tf.transpose(x, [1, 0, 2])';
    throw invalidArgument(where, rule, batchFirst);
  }
  const { name, bytes } = await openSource(where, source, maxBytes ?? undefined);
  try {
    const { tensors } = readSafetensors(bytes);
    return { layers: layersOfModule(findModule(tensors, prefix ?? undefined), zeroOutputForMask ?? false), tensors };
  } catch (error) {
    throw error instanceof FileError ? error.inFile(name) : error;
  }
}

/** Where PyTorch's blocks of rows lie among those of a cell of this package; how many there are is how many gates. */
const BLOCKS = {
  LSTM: [0, 1, 2, 3],
  // r, z, n there and z, r, g here.
  GRU: [1, 0, 2],
} as const;
type Kind = keyof typeof BLOCKS;

/** One direction of one layer. */
interface Direction {
  kind: Kind;
  features: number;
  units: number;
  projectionUnits: number | null;
  kernel: NamedArray;
  recurrentKernel: NamedArray;
  /** Two, or none. */
  biases: NamedArray[];
  projection: NamedArray | null;
}

/**
 * The layers of a module of PyTorch, as `readTorch` makes them.
 *
 * @throws FileError for `nn.RNN`, and for weights that do not fit together.
 */
export function layersOfModule(module: RecurrentModule, zeroOutputForMask = false): tf.layers.Layer[] {
  const { kind } = module;
  if (kind === 'RNN') {
    const rule = `is an nn.RNN${module.isCell ? 'Cell' : ''}, and neither an LSTM nor a GRU`;
    throw new FileError(`the module '${module.prefix}'`, rule);
  }
  // All are checked before the first is built.
  const directions = module.layers.map((layer) => layer.map((weights) => readDirection(kind, weights)));
  let features = directions[0]?.[0]?.features as number;
  const [{ units, projectionUnits }] = directions[0] as [Direction];
  for (const layer of directions) {
    for (const direction of layer) {
      requireShape(direction.kernel, [BLOCKS[kind].length * units, features]);
      requireShape(direction.recurrentKernel, [BLOCKS[kind].length * units, projectionUnits ?? units]);
    }
    features = layer.length * (projectionUnits ?? units);
  }
  return directions.map((layer) => toLayer(layer, zeroOutputForMask));
}

function readDirection(kind: Kind, { weight_ih, weight_hh, bias_ih, bias_hh, weight_hr }: ModuleWeights): Direction {
  const [, features = 0] = weight_ih.shape;
  const [rows = 0, outputs = 0] = weight_hh.shape;
  const gates = BLOCKS[kind].length;
  const units = rows / gates;
  if (features < 1) throw wrongShape(weight_ih, `[${gates}U, D]`);
  if (!Number.isSafeInteger(units) || units < 1) throw wrongShape(weight_hh, `[${gates}U, U]`);
  if (weight_hr !== null) requireShape(weight_hr, [outputs, units]);
  const biases = [bias_ih, bias_hh].filter((bias) => bias !== null);
  for (const bias of biases) requireShape(bias, [rows]);
  for (const weight of [weight_ih, weight_hh, ...biases, weight_hr]) if (weight !== null) requireFloats(weight);
  const projectionUnits = weight_hr === null ? null : outputs;
  return {
    kind,
    features,
    units,
    projectionUnits,
    kernel: weight_ih,
    recurrentKernel: weight_hh,
    biases,
    projection: weight_hr,
  };
}

function requireShape(array: NamedArray, shape: readonly number[]): void {
  const isSo = array.shape.length === shape.length && shape.every((size, axis) => size === array.shape[axis]);
  if (!isSo) throw wrongShape(array, `[${shape.join(', ')}]`);
}

function wrongShape({ name, shape }: NamedArray, wanted: string): FileError {
  return new FileError(`tensor '${name}'`, `must have the shape ${wanted}, but has [${shape.join(', ')}]`);
}

function requireFloats({ name, dtype }: NamedArray): void {
  if (/float/.test(dtype)) return;
  const advice = 'save the model as it was before it was quantised';
  throw new FileError(`tensor '${name}'`, `must hold floating-point numbers, but holds ${dtype}`, { advice });
}

function toLayer(directions: readonly Direction[], zeroOutputForMask: boolean): tf.layers.Layer {
  const [{ kind, features, units, projectionUnits, biases }] = directions as [Direction];
  const args = { returnSequences: true, zeroOutputForMask };
  const ofCell = { units, useBias: biases.length > 0, recurrentActivation: 'sigmoid' } as const;
  let layer: tf.layers.RNN;
  if (kind === 'GRU') layer = lstm({ ...args, cell: gruCell(ofCell) });
  else if (projectionUnits === null) layer = lstm({ ...args, ...ofCell });
  else layer = lstm({ ...args, cell: peepholeCell({ ...ofCell, peepholes: false, projectionUnits }) });
  const whole = directions.length === 1 ? layer : tf.layers.bidirectional({ layer, mergeMode: 'concat' });
  buildLayer(whole, [null, null, features], () => directions.flatMap(weightsOf));
  return whole;
}

/** In the order of the cell's weights. */
function weightsOf({ kind, kernel, recurrentKernel, biases, projection }: Direction): tf.Tensor[] {
  const width = kernel.shape[0] as number;
  const inOrder = (data: ArrayLike<number>) => withBlocksInOrder(data, width, BLOCKS[kind]);
  const matrix = ({ shape, data }: StoredArray) => {
    const [rows, columns] = shape as [number, number];
    return tf.tensor2d(inOrder(transposed(data as Float32Array, rows, columns)), [columns, rows]);
  };
  const result: tf.Tensor[] = [matrix(kernel), matrix(recurrentKernel)];
  const ofBiases = biases.map(({ data }) => tf.tensor1d(inOrder(data as Float32Array)));
  // Within a GRU's candidate they are apart: one of the two is multiplied by the reset gate.
  if (ofBiases.length > 0) result.push(kind === 'GRU' ? tf.stack(ofBiases) : tf.addN(ofBiases));
  if (projection !== null) {
    const [rows, columns] = projection.shape as [number, number];
    result.push(tf.tensor2d(transposed(projection.data as Float32Array, rows, columns), [columns, rows]));
  }
  return result;
}

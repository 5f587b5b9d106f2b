import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import { A_STRING, checkOptions, type OptionRules } from '../../core/options.js';
import { writeSafetensors } from '../../formats/safetensors.js';
import type { StoredArray } from '../../formats/stored-array.js';
import type { BuiltInCell } from '../../host/types.js';
import { isDisposed } from '../../layers/check-weights.js';
import { isLSTMCell, isLSTMLike, type LSTMLike } from '../../layers/foreign-lstm.js';
import { type AnyLSTMCell, LSTMCell } from '../../layers/lstm-cell.js';
import { BasicLSTMCell } from '../../variants/basic-lstm-cell.js';
import { GruCell } from '../../variants/gru-cell.js';
import { PeepholeCell } from '../../variants/peephole-cell.js';
import { transposed, withBlocksInOrder } from '../gate-blocks.js';

const WHERE = 'writeTorch';

/** The options of `writeTorch`. */
export interface WriteTorchOptions {
  /** What is put before each name: `'encoder.rnn.'` for the state dict of a model that has the module there. Default: ''. */
  prefix?: string;
}

const RULES: OptionRules = { prefix: A_STRING };

/**
 * Writes LSTM or GRU layers, of this package or built-in, as the safetensors file of the state dict of one `nn.LSTM` or
 * `nn.GRU`; a cell as that of an `nn.LSTMCell` or `nn.GRUCell`. PyTorch reads it strictly:
 *
 *     module = torch.nn.LSTM(80, 128, num_layers=2, batch_first=True)
 *     module.load_state_dict(safetensors.torch.load_file('lstm.safetensors'))
 *
 * ```ts
 * await writeFile('lstm.safetensors', writeTorch(model.getLayer('lstm')));
 * ```
 *
 * The bias is `bias_ih`, and `bias_hh` is 0, but in a GRU, which has both. A forget bias that a cell adds when it runs, as
 * `basicLSTMCell` does, is added to the bias that is written. A `peepholeCell` without peepholes may have a projection:
 * `proj_size`. What concerns training or masks alone, such as dropout, is not part of a state dict.
 *
 * @param layers One layer for each of the module, the first one first: `lstm`, `tf.layers.lstm`, `tf.layers.rnn` over one of
 *   their cells, or `bidirectional` of them; or one cell.
 * @returns The file's bytes.
 * @throws RangeError for layers that PyTorch's module cannot be: with other activations than tanh and sigmoid (the built-in's
 *   default is hardSigmoid), peepholes, coupled gates, clips, zoneout, `goBackwards`, a merge mode that is not concat, of
 *   different sizes or directions, or without `returnSequences` before the last. Error for a layer that is not built.
 * @category PyTorch
 */
export function writeTorch(
  layers: tf.layers.Layer | readonly tf.layers.Layer[],
  options: WriteTorchOptions = {},
): Uint8Array {
  checkOptions(WHERE, options, RULES);
  const list: readonly unknown[] = Array.isArray(layers) ? layers : [layers];
  if (list.length === 0) throw invalidArgument(WHERE, 'the layers must be one or more', layers);
  const isCell = list.length === 1 && list[0] instanceof tf.layers.Layer && isLSTMCell(list[0]);
  const stack = isCell ? [[list[0] as AnyLSTMCell]] : list.map((layer, n) => cellsOf(layer, n === list.length - 1));
  const described = stack.map((cells) => cells.map(describe));
  requireOneModule(described);
  const tensors = new Map<string, StoredArray>();
  for (const [k, directions] of described.entries()) {
    for (const [n, cell] of directions.entries()) {
      const suffix = isCell ? '' : `_l${k}${n === 1 ? '_reverse' : ''}`;
      for (const [name, array] of tensorsOf(cell)) tensors.set(`${options.prefix ?? ''}${name}${suffix}`, array);
    }
  }
  return writeSafetensors(tensors, { format: 'pt' });
}

type Cell = AnyLSTMCell | BuiltInCell;

interface Wrapper extends tf.layers.Layer {
  forwardLayer: tf.layers.RNN;
  backwardLayer: tf.layers.RNN;
  mergeMode: string | null;
}

/** The cells of a layer, the forward one first. */
function cellsOf(layer: unknown, isLast: boolean): Cell[] {
  if (!(layer instanceof tf.layers.Layer)) throw wrongLayer(layer);
  const { name } = layer;
  if (layer.getClassName() !== 'Bidirectional') return [cellOf(layer, false, isLast)];
  const { forwardLayer, backwardLayer, mergeMode } = layer as Wrapper;
  if (mergeMode !== 'concat') throw invalidArgument(WHERE, "mergeMode must be 'concat'", mergeMode, { layer: name });
  return [cellOf(forwardLayer, false, isLast), cellOf(backwardLayer, true, isLast)];
}

function wrongLayer(layer: unknown): Error {
  return invalidArgument(WHERE, 'each layer must be an LSTM, a bidirectional one, or a GRU of gruCell', layer);
}

function cellOf(layer: tf.layers.Layer, isBackward: boolean, isLast: boolean): Cell {
  if (!isLSTMLike(layer)) throw wrongLayer(layer);
  const { cell, goBackwards, returnSequences, name } = layer as LSTMLike;
  if (goBackwards !== isBackward) {
    const rule = 'goBackwards must be false, because in PyTorch only half of a bidirectional layer reads backwards';
    throw invalidArgument(WHERE, rule, goBackwards, { layer: name });
  }
  if (!returnSequences && !isLast) {
    throw invalidArgument(WHERE, 'returnSequences must be true in each layer but the last', false, { layer: name });
  }
  return cell;
}

/** What of a cell must be equal in a whole module, and its weights. */
interface Described {
  cell: Cell;
  module: 'LSTM' | 'GRU';
  features: number;
  units: number;
  projectionUnits: number | null;
  useBias: boolean;
  /** What is added when the cell runs. */
  forgetBias: number;
}

/** What each class of cells adds to the LSTM that PyTorch has, by the names in its config, with the value that adds nothing. */
const MUST_BE: Readonly<Record<string, Record<string, unknown>>> = {
  [PeepholeCell.className]: {
    peepholes: false,
    coupled: false,
    cellClip: null,
    gateClip: null,
    projectionClip: null,
  },
  [GruCell.className]: { resetAfter: true },
  [BasicLSTMCell.className]: {},
  [LSTMCell.className]: {},
  LSTMCell: {},
};

const DEFAULTS: Readonly<Record<string, unknown>> = { peepholes: true, coupled: false, resetAfter: true };
const ALWAYS = { activation: 'tanh', recurrentActivation: 'sigmoid', zoneout: 0, zoneoutCell: 0 };

function describe(cell: Cell): Described {
  const { name } = cell;
  const className = cell.getClassName();
  const rules = Object.hasOwn(MUST_BE, className) ? MUST_BE[className] : undefined;
  if (rules === undefined) {
    const rule = 'the cell must be an lstmCell, basicLSTMCell, peepholeCell or gruCell, as PyTorch has no other';
    throw invalidArgument(WHERE, rule, cell, { layer: name });
  }
  if (!cell.built) throw invalidState(WHERE, 'the layer must be built first, by apply or build', name);
  if (isDisposed(cell)) throw invalidState(WHERE, 'the layer must not be disposed', name);
  const config = cell.getConfig();
  const activations = {
    activation: cell.activation.getClassName(),
    recurrentActivation: cell.recurrentActivation.getClassName(),
  };
  for (const [argument, wanted] of Object.entries({ ...ALWAYS, ...rules })) {
    const given = activations[argument as keyof typeof activations] ?? config[argument];
    const value = given ?? DEFAULTS[argument] ?? wanted;
    if (value === wanted) continue;
    const must = wanted === null ? 'must not be set' : `must be ${typeof wanted === 'string' ? `'${wanted}'` : wanted}`;
    throw invalidArgument(WHERE, `${argument} ${must}, as in PyTorch`, value, { layer: name });
  }
  const isBasic = className === BasicLSTMCell.className;
  return {
    cell,
    module: className === GruCell.className ? 'GRU' : 'LSTM',
    features: cell.kernel.shape[0] as number,
    units: cell.units,
    projectionUnits: (config.projectionUnits as number | undefined) ?? null,
    useBias: cell.useBias,
    forgetBias: (config.forgetBias as number | undefined) ?? (isBasic ? 1 : 0),
  };
}

/** A cell that adds a forget bias writes one, whether it has a bias or not. */
const writesBias = ({ useBias, forgetBias }: Described) => useBias || forgetBias !== 0;

function requireOneModule(layers: readonly (readonly Described[])[]): void {
  const [[first]] = layers as [[Described]];
  let { features } = first;
  for (const [k, directions] of layers.entries()) {
    const refuse = (rule: string, received: unknown) => invalidArgument(WHERE, `layer ${k} ${rule}`, received);
    if (directions.length !== layers[0]?.length) {
      throw refuse('must read in as many directions as the first', directions.length);
    }
    for (const direction of directions) {
      const { module, units, projectionUnits } = direction;
      if (module !== first.module) throw refuse(`must be of nn.${first.module}, as the first`, `nn.${module}`);
      if (units !== first.units) throw refuse(`must have ${first.units} units, as the first`, units);
      if (projectionUnits !== first.projectionUnits) {
        throw refuse(`must have projectionUnits ${first.projectionUnits}, as the first`, projectionUnits);
      }
      if (direction.features !== features) {
        throw refuse(`must take the ${features} features that it is given`, direction.features);
      }
      if (writesBias(direction) !== writesBias(first)) {
        throw refuse(`must have useBias ${writesBias(first)}, as the first`, direction.useBias);
      }
    }
    features = directions.length * (first.projectionUnits ?? first.units);
  }
}

function tensorsOf(described: Described): [string, StoredArray][] {
  const { cell, units, projectionUnits, useBias, forgetBias, module } = described;
  // z, r, g here and r, z, n there.
  const order = module === 'GRU' ? [1, 0, 2] : [0, 1, 2, 3];
  const width = order.length * units;
  const read = (name: string) => (cell as unknown as Record<string, tf.LayerVariable>)[name]?.read() as tf.Tensor;
  const numbers = (name: string) => read(name).dataSync<'float32'>();
  const inOrder = (data: ArrayLike<number>) => withBlocksInOrder(data, width, order);
  const arrays: [string, StoredArray][] = [];
  const add = (name: string, data: Float32Array, ...shape: number[]) =>
    arrays.push([name, { dtype: 'float32', shape, data }]);
  for (const [name, property] of [
    ['weight_ih', 'kernel'],
    ['weight_hh', 'recurrentKernel'],
  ] as const) {
    const rows = read(property).shape[0] as number;
    add(name, transposed(inOrder(numbers(property)), rows, width), width, rows);
  }
  if (projectionUnits !== null) {
    add('weight_hr', transposed(numbers('projectionKernel'), units, projectionUnits), projectionUnits, units);
  }
  if (!writesBias(described)) return arrays;
  const bias = useBias ? inOrder(numbers('bias')) : new Float32Array(width);
  // A GRU's two are one weight.
  const isPair = bias.length > width;
  const ofX = bias.slice(0, width);
  for (let n = units; n < 2 * units; n++) ofX[n] = (ofX[n] as number) + forgetBias;
  add('bias_ih', ofX, width);
  add('bias_hh', isPair ? bias.slice(width) : new Float32Array(width), width);
  return arrays;
}

import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { A_FINITE_NUMBER, A_STRING, aNumber, checkOptions, type OptionRules } from '../../core/options.js';
import { FileError } from '../../formats/file-error.js';
import type { StoredArray } from '../../formats/stored-array.js';
import type { LSTMCellArgs } from '../../layers/arguments.js';
import { type BasicLSTMCell, basicLSTMCell } from '../../variants/basic-lstm-cell.js';
import { type PeepholeCell, peepholeCell } from '../../variants/peephole-cell.js';
import { withBlocksInOrder } from '../gate-blocks.js';

/** The options of `cellFromTF1`: what TensorFlow's cell was made with and its variables do not tell. */
export interface CellFromTF1Options {
  /** `forget_bias`: what is added to the forget gate when the cell runs. Default: TensorFlow's, 1; 0 for a CudnnCompatibleLSTMCell. */
  forgetBias?: number;
  /** `cell_clip` of an LSTMCell. Default: no bound. */
  cellClip?: number;
  /** `proj_clip` of an LSTMCell. Default: no bound. */
  projectionClip?: number;
  /** `activation`. Default: 'tanh'. */
  activation?: LSTMCellArgs['activation'];
}

const A_BOUND = aNumber('a positive number', (value) => value > 0);
const RULES: OptionRules = {
  forgetBias: A_FINITE_NUMBER,
  cellClip: A_BOUND,
  projectionClip: A_BOUND,
  activation: A_STRING,
};

/** Where in TensorFlow's order of blocks those of i, f, g, o are. */
const I_G_F_O = [0, 2, 1, 3];

const PEEPHOLES = ['w_i_diag', 'w_f_diag', 'w_o_diag'] as const;
const KNOWN: readonly string[] = ['kernel', 'bias', 'projection/kernel', ...PEEPHOLES];
/** Before TensorFlow 1.2. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  kernel: 'weights',
  bias: 'biases',
  'projection/kernel': 'projection/weights',
};

/** What other cells have in their scopes, and what they are. */
const FOREIGN: readonly [name: RegExp, title: string, advice: string][] = [
  [/^opaque_kernel/, "a CudnnLSTM's opaque parameters", 'save it through its saveable, as a CudnnCompatibleLSTMCell'],
  [/^recurrent_kernel$/, "a Keras layer's weights", 'save the model in a format of Keras, for loadKeras'],
  [/^(gates|candidate)\//, 'a GRUCell', 'there is no reader for it: copy its weights into a gruCell'],
  [/^[WB](_|$)/, 'a CoupledInputForgetGateLSTMCell', 'copy its weights into a peepholeCell with coupled: true'],
  [
    /^(input|transform|forget|output|state)\/(gamma|beta)$/,
    'a LayerNormBasicLSTMCell',
    'copy its weights into a layerNormCell',
  ],
];

/** Scopes of cells that also have a kernel and a bias, whose shapes need not give them away. */
const OTHER_CELLS = /(?:^|\/)((?:basic_rnn|cfn|intersection_rnn|minimal_rnn|nas|sru|ugrnn)_cell)(?:_\d+)?$/;

/** How many scopes an error lists. */
const MOST_SCOPES = 8;

/**
 * Makes a cell of the variables of a `BasicLSTMCell` or an `LSTMCell` of TensorFlow 1, which compute what it computed there:
 * a `basicLSTMCell` where the scope is named so, else a `peepholeCell`. It is built, with the weights.
 *
 * ```ts
 * const variables = await readTF1('model.ckpt-1000');
 * const layer = lstm({ cell: cellFromTF1(variables, 'rnn/lstm_cell'), returnSequences: true });
 * ```
 *
 * TensorFlow stores [D + U, 4U] in blocks i, j, f, o; j is g here. Peepholes (`w_i_diag`, …) and the projection are found by
 * their names; `forget_bias`, the clips and the activation are stored nowhere. The cells of a `MultiRNNCell` have scopes
 * `rnn/multi_rnn_cell/cell_0/lstm_cell` and so on; those of `bidirectional_dynamic_rnn`, `bidirectional_rnn/fw/lstm_cell` and
 * `bidirectional_rnn/bw/lstm_cell`.
 *
 * @param variables As `readTF1` returns them.
 * @param scope What stands before `/kernel` in the names of the cell's variables.
 * @returns The cell, which a layer or the caller disposes.
 * @throws RangeError for wrong options. FileError for a scope that has no such cell, and the variables of another kind of cell,
 *   such as CudnnLSTM, GRUCell or LayerNormBasicLSTMCell, or of shapes that do not fit together.
 * @category TensorFlow 1
 */
export function cellFromTF1(
  variables: ReadonlyMap<string, StoredArray>,
  scope: string,
  options: CellFromTF1Options = {},
): BasicLSTMCell | PeepholeCell {
  const where = 'cellFromTF1';
  if (!(variables instanceof Map))
    throw invalidArgument(where, 'variables must be the Map that readTF1 returns', variables);
  if (typeof scope !== 'string') throw invalidArgument(where, "scope must be a string, such as 'rnn/lstm_cell'", scope);
  checkOptions(where, options, RULES);
  const path = scope.replace(/\/+$/, '');
  const { kernel, bias, peepholes, projection } = findVariables(variables, path);
  const { cellClip, projectionClip } = options;
  const activation = options.activation ?? 'tanh';
  const isCudnn = /(^|\/)cudnn_compatible_lstm_cell[^/]*$/.test(path);
  const forgetBias = options.forgetBias ?? (isCudnn ? 0 : 1);
  const { features, units, projectionUnits } = sizesOf(kernel, bias, peepholes, projection);
  const isBasic = /(^|\/)basic_lstm_cell[^/]*$/.test(path) && peepholes === null && projection === null;
  if (projectionClip != null && projection === null) {
    throw invalidArgument(
      where,
      `projectionClip must be left out, because '${path}' has no projection`,
      projectionClip,
    );
  }
  let cell: BasicLSTMCell | PeepholeCell;
  if (isBasic && cellClip == null) cell = basicLSTMCell({ units, activation, forgetBias });
  else {
    cell = peepholeCell({
      units,
      activation,
      forgetBias,
      peepholes: peepholes !== null,
      ...(cellClip == null ? {} : { cellClip }),
      ...(projectionClip == null ? {} : { projectionClip }),
      ...(projectionUnits === null ? {} : { projectionUnits }),
    });
  }
  // What the initializers make is thrown away, and Orthogonal takes a minute for large cells.
  cell.setFastWeightInitDuringBuild(true);
  cell.build([null, features]);
  cell.setFastWeightInitDuringBuild(false);
  tf.tidy(() => {
    const columns = 4 * units;
    const blocks = withBlocksInOrder(kernel.data as Float32Array, columns, I_G_F_O);
    const rowsOfX = features * columns;
    const weights: tf.Tensor[] = [
      tf.tensor2d(blocks.subarray(0, rowsOfX), [features, columns]),
      tf.tensor2d(blocks.subarray(rowsOfX), [projectionUnits ?? units, columns]),
      tf.tensor1d(withBlocksInOrder(bias.data as Float32Array, columns, I_G_F_O)),
    ];
    if (peepholes !== null) weights.push(tf.concat(peepholes.map(toTensor)));
    if (projection !== null) weights.push(toTensor(projection));
    cell.setWeights(weights);
  });
  return cell;
}

interface Variable extends StoredArray {
  name: string;
}

interface CellVariables {
  kernel: Variable;
  bias: Variable;
  /** Of i, f and o. */
  peepholes: Variable[] | null;
  projection: Variable | null;
}

function findVariables(variables: ReadonlyMap<string, StoredArray>, path: string): CellVariables {
  const start = path === '' ? '' : `${path}/`;
  const found = new Map<string, Variable>();
  const others: string[] = [];
  for (const [name, array] of variables) {
    if (!name.startsWith(start)) continue;
    const own = name.slice(start.length);
    const word = Object.keys(OLD_NAMES).find((key) => own === OLD_NAMES[key]) ?? own;
    if (KNOWN.includes(word)) found.set(word, { ...array, name });
    // An optimizer's slots and moving averages lie below the variable that they belong to.
    else if (!KNOWN.some((known) => own.startsWith(`${known}/`) || own.startsWith(`${OLD_NAMES[known]}/`)))
      others.push(own);
  }
  requireKind(variables, path, found, others);
  const get = (word: string) => {
    const variable = found.get(word);
    if (variable === undefined)
      throw new FileError(`variable '${start}${word}'`, 'is missing, while the cell has others');
    return variable;
  };
  const hasPeepholes = PEEPHOLES.some((word) => found.has(word));
  return {
    kernel: get('kernel'),
    bias: get('bias'),
    peepholes: hasPeepholes ? PEEPHOLES.map(get) : null,
    projection: found.get('projection/kernel') ?? null,
  };
}

function requireKind(
  variables: ReadonlyMap<string, StoredArray>,
  path: string,
  found: ReadonlyMap<string, Variable>,
  others: readonly string[],
): void {
  const place = `the scope '${path}'`;
  const [, otherCell] = OTHER_CELLS.exec(path) ?? [];
  if (otherCell !== undefined) throw new FileError(place, `is named as a ${otherCell}, which is no LSTM`);
  for (const other of others) {
    const foreign = FOREIGN.find(([name]) => name.test(other));
    if (foreign !== undefined) throw new FileError(place, `holds ${foreign[1]} ('${other}')`, { advice: foreign[2] });
  }
  if (found.has('kernel') && others.length === 0) return;
  if (found.has('kernel')) {
    throw new FileError(place, `holds '${others[0]}', which is no variable of BasicLSTMCell or LSTMCell`);
  }
  const scopes = [...variables.keys()].flatMap((name) => {
    const own = /^(.*)\/(?:kernel|weights)$/s.exec(name)?.[1];
    return own !== undefined && /lstm|cell/i.test(own) && !/\/projection$/.test(own) ? [`'${own}'`] : [];
  });
  const rule = `holds no cell: no '${path === '' ? '' : `${path}/`}kernel'`;
  const listed = [...scopes.slice(0, MOST_SCOPES), ...(scopes.length > MOST_SCOPES ? ['…'] : [])];
  const advice = scopes.length === 0 ? undefined : `there is ${listed.join(', ')}`;
  throw new FileError(place, rule, advice === undefined ? {} : { advice });
}

function sizesOf(kernel: Variable, bias: Variable, peepholes: Variable[] | null, projection: Variable | null) {
  const [columns = 0] = bias.shape;
  const units = columns / 4;
  if (bias.shape.length !== 1 || !Number.isSafeInteger(units) || units < 1) throw wrongShape(bias, '[4U]');
  const projectionUnits = projection === null ? null : (projection.shape[1] ?? 0);
  const outputs = projectionUnits ?? units;
  if (projection !== null) requireShape(projection, [units, Math.max(outputs, 1)]);
  for (const peephole of peepholes ?? []) requireShape(peephole, [units]);
  const features = (kernel.shape[0] ?? 0) - outputs;
  if (features < 1) throw wrongShape(kernel, `[D + ${outputs}, ${columns}]`);
  requireShape(kernel, [features + outputs, columns]);
  for (const { name, dtype } of [kernel, bias, ...(peepholes ?? []), ...(projection === null ? [] : [projection])]) {
    if (/float/.test(dtype)) continue;
    throw new FileError(`variable '${name}'`, `must hold floating-point numbers, but holds ${dtype}`);
  }
  return { features, units, projectionUnits };
}

function requireShape(variable: Variable, shape: readonly number[]): void {
  const isSo = variable.shape.length === shape.length && shape.every((size, axis) => size === variable.shape[axis]);
  if (!isSo) throw wrongShape(variable, `[${shape.join(', ')}]`);
}

function wrongShape({ name, shape }: Variable, wanted: string): FileError {
  return new FileError(`variable '${name}'`, `must have the shape ${wanted}, but has [${shape.join(', ')}]`);
}

function toTensor({ shape, data }: StoredArray): tf.Tensor {
  return tf.tensor(Float32Array.from(data as Float32Array), shape, 'float32');
}

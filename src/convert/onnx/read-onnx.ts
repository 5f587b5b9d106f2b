import * as tf from '@tensorflow/tfjs';
import { A_BOOLEAN, A_POSITIVE_INTEGER, A_STRING, checkOptions, type OptionRules } from '../../core/options.js';
import { GATE_NAMES } from '../../core/quantities.js';
import { FileError } from '../../formats/file-error.js';
import { readOnnxModel } from '../../formats/onnx/read-model.js';
import { lstm } from '../../layers/factories.js';
import { peepholeCell } from '../../variants/peephole-cell.js';
import { buildLayer } from '../build-layer.js';
import { openSource, type Source } from '../source.js';
import { type Found, findLSTMs, nameOf } from './find-lstms.js';
import { type DirectionWeights, LSTMNode, type OnnxLSTMOptions } from './lstm-node.js';
import {
  type ActivationOfSum,
  activationOfSum,
  ONNX_BLOCKS,
  ONNX_PEEPHOLES,
  type OnnxActivation,
} from './lstm-operator.js';

export type { OnnxLSTMOptions } from './lstm-node.js';
export type { OnnxActivation, OnnxActivations } from './lstm-operator.js';

/** The options of `readOnnx`. */
export interface ReadOnnxOptions {
  /** The longest file that is read, in bytes. Default: 2 GiB. */
  maxBytes?: number;
}

const OPTIONS: OptionRules = { maxBytes: A_POSITIVE_INTEGER };

/** What a layer made of an ONNX node is to be like, apart from what it computes. */
export interface OnnxLayerOptions {
  /** Default: one that tfjs gives. */
  name?: string;
  /** Whether it returns the output of every step. Default: true. */
  returnSequences?: boolean;
  /** Whether it also returns the last h and c. Default: false. */
  returnState?: boolean;
}

const LAYER_OPTIONS: OptionRules = { name: A_STRING, returnSequences: A_BOOLEAN, returnState: A_BOOLEAN };

/** An LSTM node of an ONNX file. */
export interface OnnxLSTM {
  /** Its own name, or that of its first value. */
  name: string;
  /** Where it is: `If_0.then_branch > encoder/LSTM`. */
  path: string;
  options: OnnxLSTMOptions;
  /**
   * Makes a built layer of it, [B, T, D] to [B, T, U] or, bidirectional, [B, T, 2U], forward first: an `lstm`, over a
   * `peepholeCell` where the plain LSTM does not do, and within `tf.layers.bidirectional` for two directions. A reverse one
   * outputs the last timestep first, like every layer with `goBackwards`.
   *
   * @returns The layer. It is disposed with the model that it becomes part of; alone, by `tf.dispose(layer.getWeights())`.
   * @throws RangeError for wrong options. FileError for weights that are not stored in the file or do not fit together, and
   *   for activations that no layer has.
   */
  toLayer(options?: OnnxLayerOptions): tf.layers.Layer;
}

/**
 * Reads the LSTM nodes of an ONNX file, wherever in it they are: in the branches of an `If`, in the body of a loop, or in
 * a function. Weights may be stored, or made of stored ones by Constant, Identity, Slice, Concat, Split, Gather, Squeeze,
 * Unsqueeze, Transpose, Reshape, Cast, ConstantOfShape and DequantizeLinear, also at places that Shape and Mul give.
 *
 * ```ts
 * const [node] = await readOnnx('encoder.onnx');
 * console.log(node.path, node.options.units, node.options.direction);
 * const layer = node.toLayer();
 * ```
 *
 * Peepholes, coupled gates, `clip`, both layouts, and activations with their alpha and beta are the node's. The rest of the
 * model, what comes before and after, is not read.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__LSTM.html
 *
 * @returns The nodes in the order of the file, at least one.
 * @throws RangeError for wrong options. FileError for what is no ONNX file, and for one without LSTM nodes: it says what
 *   there is instead.
 * @category ONNX
 */
export async function readOnnx(source: Source, options: ReadOnnxOptions = {}): Promise<OnnxLSTM[]> {
  const where = 'readOnnx';
  checkOptions(where, options, OPTIONS);
  const { name, bytes } = await openSource(where, source, options.maxBytes ?? undefined);
  try {
    const found = findLSTMs(readOnnxModel(bytes), bytes.length);
    if (found.lstms.length === 0) throw withoutLSTM(found);
    return found.lstms.map(({ node, scope, path }) =>
      describeNode(new LSTMNode(node, scope, `the LSTM node '${path}'`), nameOf(node), path, name),
    );
  } catch (error) {
    throw inFile(error, name);
  }
}

function inFile(error: unknown, file: string): unknown {
  return error instanceof FileError ? error.inFile(file) : error;
}

function describeNode(node: LSTMNode, name: string, path: string, file: string): OnnxLSTM {
  return {
    name,
    path,
    options: node.options,
    toLayer(options = {}) {
      checkOptions('OnnxLSTM.toLayer', options, LAYER_OPTIONS);
      try {
        return makeLayer(node, options);
      } catch (error) {
        throw inFile(error, file);
      }
    },
  };
}

/** What computes an LSTM, or something like it, otherwise. */
const RELATED: Readonly<Record<string, string>> = {
  'com.microsoft.DynamicQuantizeLSTM': 'its weights are quantized: take the file from before quantization',
  DynamicQuantizeLSTM: 'its weights are quantized: take the file from before quantization',
  GRU: 'a GRU is no LSTM',
  RNN: 'a plain RNN is no LSTM',
};

/** How many operators an error lists. */
const MOST_OPERATORS = 8;

function withoutLSTM({ others }: Found): FileError {
  const related = Object.keys(RELATED).filter((operator) => others.has(operator));
  const all = [...others].sort(([, a], [, b]) => b - a);
  const named = related.length > 0 ? related.map((operator) => [operator, others.get(operator)] as const) : all;
  const shown = named.slice(0, MOST_OPERATORS).map(([operator, count]) => `${count} ${operator.slice(0, 60)}`);
  const rest = named.length > MOST_OPERATORS ? ', …' : '';
  const spelledOut =
    'a cell that is spelled out in products and sums cannot be told from others: export it as an LSTM node';
  const advice = related.length > 0 ? related.map((operator) => RELATED[operator]).join('; ') : spelledOut;
  return new FileError('the graph', `has no LSTM node, but ${shown.join(', ') || 'no node at all'}${rest}`, { advice });
}

/** The activations of a direction, as those of a cell. */
interface CellActivations {
  sigma: ActivationOfSum;
  phi: string;
  candidate: ActivationOfSum;
}

function makeLayer(node: LSTMNode, { name, returnSequences, returnState }: OnnxLayerOptions): tf.layers.Layer {
  const { direction, useBias, peepholes, coupled, gateClip, sequenceLens, activations } = node.options;
  const directions = activations.map(({ f, g, h }) => cellActivations(node, f, g, h));
  const [first, second] = directions as [CellActivations, CellActivations?];
  if (second !== undefined && (second.phi !== first.phi || second.sigma.activation !== first.sigma.activation)) {
    throw node.error('has other activations in one direction than in the other, which no bidirectional layer has');
  }
  const isScaled = directions.some(({ sigma, candidate }) => isScaledSum(sigma) || isScaledSum(candidate));
  if (isScaled && gateClip !== null) {
    throw node.error('has a clip before an activation with an alpha or beta of its own, which no cell has');
  }
  // Before the layer is made: what is wrong with them must leave nothing behind.
  const { units, features, directions: weights } = node.weights();
  const ofCell = {
    units,
    activation: first.phi as 'tanh',
    recurrentActivation: first.sigma.activation as 'sigmoid',
    useBias: useBias || isScaled,
  };
  const ofLayer = {
    returnSequences: returnSequences ?? true,
    returnState: returnState ?? false,
    goBackwards: direction === 'reverse',
    zeroOutputForMask: sequenceLens,
  };
  const ofUser = name == null ? {} : { name };
  const isOneWay = direction !== 'bidirectional';
  const args = isOneWay ? { ...ofLayer, ...ofUser } : ofLayer;
  const isPlain = !peepholes && !coupled && gateClip === null;
  const ofVariant = gateClip === null ? { peepholes, coupled } : { peepholes, coupled, gateClip };
  const inner = isPlain
    ? lstm({ ...args, ...ofCell })
    : lstm({ ...args, cell: peepholeCell({ ...ofCell, ...ofVariant }) });
  const layer = isOneWay ? inner : tf.layers.bidirectional({ layer: inner, mergeMode: 'concat', ...ofUser });
  buildLayer(layer, [null, null, features], () =>
    weights.flatMap((ofDirection, n) =>
      cellWeights(ofDirection, directions[n] as CellActivations, { units, features, coupled, useBias: ofCell.useBias }),
    ),
  );
  return layer;
}

function isScaledSum({ scale, shift }: ActivationOfSum): boolean {
  return scale !== 1 || shift !== 0;
}

function cellActivations(node: LSTMNode, f: OnnxActivation, g: OnnxActivation, h: OnnxActivation): CellActivations {
  const [sigma, candidate, phi] = [f, g, h].map((activation) => {
    const found = activationOfSum(activation);
    if (found !== null) return found;
    throw node.error(`has the activation ${describeActivation(activation)}, which no layer has`);
  }) as [ActivationOfSum, ActivationOfSum, ActivationOfSum];
  if (isScaledSum(phi)) {
    throw node.error(`has the activation ${describeActivation(h)} of the cell state, which no layer has`);
  }
  if (phi.activation !== candidate.activation) {
    const both = `${describeActivation(g)} for the candidate and ${describeActivation(h)} for the cell state`;
    throw node.error(`has ${both}, and no layer has two`);
  }
  return { sigma, candidate, phi: phi.activation };
}

function describeActivation({ name, alpha, beta }: OnnxActivation): string {
  const numbers = [alpha === null ? [] : [`alpha ${alpha}`], beta === null ? [] : [`beta ${beta}`]].flat();
  return numbers.length === 0 ? name : `${name} (${numbers.join(', ')})`;
}

interface CellFacts {
  units: number;
  features: number;
  coupled: boolean;
  useBias: boolean;
}

/** One direction's weights in the order and layout of the cell's, with the scale and shift of its activations in them. */
function cellWeights(
  { W, R, B, P }: DirectionWeights,
  { sigma, candidate }: CellActivations,
  { units, features, coupled, useBias }: CellFacts,
): tf.Tensor[] {
  const gates = coupled ? GATE_NAMES.filter((gate) => gate !== 'f') : GATE_NAMES;
  const ofSum = (gate: string) => (gate === 'g' ? candidate : sigma);
  const columns = gates.length * units;
  const kernelOf = (from: Float32Array, rows: number) => {
    const kernel = new Float32Array(rows * columns);
    for (const [place, gate] of gates.entries()) {
      const block = ONNX_BLOCKS.indexOf(gate) * units;
      const { scale } = ofSum(gate);
      for (let unit = 0; unit < units; unit++) {
        for (let row = 0; row < rows; row++) {
          kernel[row * columns + place * units + unit] = scale * (from[(block + unit) * rows + row] as number);
        }
      }
    }
    return kernel;
  };
  const tensors: tf.Tensor[] = [
    tf.tensor2d(kernelOf(W, features), [features, columns]),
    tf.tensor2d(kernelOf(R, units), [units, columns]),
  ];
  if (useBias) {
    const both = new Float32Array(ONNX_BLOCKS.length * units);
    if (B !== null) for (const at of both.keys()) both[at] = (B[at] as number) + (B[at + both.length] as number);
    const bias = kernelOf(both, 1);
    for (const at of bias.keys())
      bias[at] = (bias[at] as number) + ofSum(gates[Math.floor(at / units)] as string).shift;
    tensors.push(tf.tensor1d(bias));
  }
  if (P !== null) {
    const peepholes = gates
      .filter((gate) => gate !== 'g')
      .flatMap((gate) => {
        const block = (ONNX_PEEPHOLES as readonly string[]).indexOf(gate) * units;
        return Array.from(P.subarray(block, block + units), (weight) => sigma.scale * weight);
      });
    tensors.push(tf.tensor1d(peepholes));
  }
  return tensors;
}

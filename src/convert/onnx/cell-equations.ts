import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { GATE_NAMES } from '../../core/quantities.js';
import { tidy } from '../../core/tidy.js';
import { requireBuilt } from '../../layers/check-weights.js';
import { cellToRun, type LSTMLike } from '../../layers/foreign-lstm.js';
import type { FusedWeights, SequenceCell } from '../../sequence/sequence.js';
import { BasicLSTMCell } from '../../variants/basic-lstm-cell.js';
import { ONNX_BLOCKS, ONNX_PEEPHOLES, type OnnxActivations, onnxActivation } from './lstm-operator.js';

/** What an LSTM computes, as ONNX's operator says it: weights in its order of blocks. */
export interface OnnxEquations {
  units: number;
  features: number;
  /** [4U, D] */
  W: Float32Array;
  /** [4U, U] */
  R: Float32Array;
  /** [8U], or null. */
  B: Float32Array | null;
  /** [3U], or null. */
  P: Float32Array | null;
  coupled: boolean;
  gateClip: number | null;
  activations: OnnxActivations;
}

/**
 * What a layer computes in inference, as ONNX's operator says it.
 *
 * @throws RangeError for what the operator cannot say. Error for a layer that is not built.
 */
export function onnxEquations(where: string, layer: LSTMLike): OnnxEquations {
  requireBuilt(where, layer);
  const cell = cellToRun(layer.cell);
  const { name, stateful } = layer;
  const refuse = (rule: string, received: unknown) => invalidArgument(where, rule, received, { layer: name });
  if (stateful) throw refuse('the layer must not be stateful, because a file keeps no states', true);
  for (const rate of ['zoneout', 'zoneoutCell'] as const) {
    if (cell[rate] > 0) throw refuse(`${rate} must be 0, because ONNX's LSTM has none`, cell[rate]);
  }
  const sigma = onnxActivation(cell.recurrentActivation.getClassName());
  const phi = onnxActivation(cell.activation.getClassName());
  const known =
    'must be one that ONNX has: tanh, sigmoid, hardSigmoid, hardSigmoidKeras3, relu, linear, elu, softplus or softsign';
  if (sigma === undefined) throw refuse(`recurrentActivation ${known}`, cell.recurrentActivation.getClassName());
  if (phi === undefined) throw refuse(`activation ${known}`, cell.activation.getClassName());
  return tidy(() => {
    const { kernel, recurrentKernel, bias, additions } = plainWeights(refuse, cell);
    if (additions?.projection)
      throw refuse("projectionUnits must not be set, because ONNX's LSTM has no projection", true);
    const cellClip = additions?.cellClip ?? null;
    if (cellClip !== null) {
      throw refuse("cellClip must not be set, because ONNX's LSTM bounds pre-activations only (gateClip)", cellClip);
    }
    const [features, columns] = kernel.shape;
    const units = columns / GATE_NAMES.length;
    const peepholes = additions?.peepholes ?? null;
    const bothBiases = new Float32Array(2 * columns);
    if (bias !== null) bothBiases.set(inBlocks(bias, GATE_NAMES, ONNX_BLOCKS));
    return {
      units,
      features,
      W: inBlocks(kernel, GATE_NAMES, ONNX_BLOCKS),
      R: inBlocks(recurrentKernel, GATE_NAMES, ONNX_BLOCKS),
      B: bias && bothBiases,
      P:
        peepholes &&
        inBlocks(
          peepholes,
          GATE_NAMES.filter((gate) => gate !== 'g'),
          ONNX_PEEPHOLES,
        ),
      coupled: additions?.isCoupled ?? false,
      gateClip: additions?.gateClip ?? null,
      activations: { f: sigma, g: phi, h: phi },
    };
  });
}

/** The weights of a cell that computes the six equations, or those that it comes down to. */
function plainWeights(refuse: (rule: string, received: unknown) => Error, cell: SequenceCell): FusedWeights {
  const { fusedEquations, ownEquations } = cell;
  if (fusedEquations != null) return fusedEquations.weights();
  const kernel = cell.kernel.read() as tf.Tensor2D;
  const recurrentKernel = cell.recurrentKernel.read() as tf.Tensor2D;
  const bias = cell.bias && (cell.bias.read() as tf.Tensor1D);
  if (ownEquations === 'none') return { kernel, recurrentKernel, bias };
  if (cell.getClassName() === BasicLSTMCell.className) {
    const { forgetBias } = (cell as unknown as BasicLSTMCell).getConfig() as { forgetBias?: number };
    return { kernel, recurrentKernel, bias: withForgetBias(bias, cell, forgetBias ?? DEFAULT_FORGET_BIAS) };
  }
  const rule =
    "the cell must compute what ONNX's LSTM can say: lstmCell, basicLSTMCell or peepholeCell without projection and cellClip";
  throw refuse(rule, cell.getClassName());
}

/** What `basicLSTMCell` adds where its config, which saves no defaults, says nothing. */
const DEFAULT_FORGET_BIAS = 1;

function withForgetBias(bias: tf.Tensor1D | null, { units }: { units: number }, forgetBias: number): tf.Tensor1D {
  const added = tf.concat(GATE_NAMES.map((gate) => tf.fill([units], gate === 'f' ? forgetBias : 0))) as tf.Tensor1D;
  return bias === null ? added : tf.add(bias, added);
}

/** [rows, blocks · U] or [blocks · U], transposed and in another order of blocks: [blocks · U, rows]. */
function inBlocks(weight: tf.Tensor, from: readonly string[], to: readonly string[]): Float32Array {
  const values = weight.dataSync() as Float32Array;
  const columns = weight.shape.at(-1) as number;
  const rows = values.length / columns;
  const units = columns / from.length;
  const blocks = new Float32Array(values.length);
  for (const [place, gate] of to.entries()) {
    const block = from.indexOf(gate) * units;
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++) {
        blocks[(place * units + unit) * rows + row] = values[row * columns + block + unit] as number;
      }
    }
  }
  return blocks;
}

import * as tf from '@tensorflow/tfjs';
import { booleanMask } from '../core/mask.js';
import { GATE_SEQUENCE_NAMES, type GateSequences, type ScanOptions, type ScanResult } from '../core/scan.js';
import { tidy } from '../core/tidy.js';
import type { GateMasks } from '../core/weighted-sum.js';
import type { FusedInputs, FusedKernel, FusedOptions } from '../fused/fused-kernel.js';
import { runFused } from '../fused/run-fused.js';
import type { LSTMCell } from './lstm-cell.js';
import type { Sequence } from './run-sequence.js';

/** What a kernel needs of a cell, of this package or of tfjs. */
export type FusedCell = Pick<LSTMCell, 'kernel' | 'recurrentKernel' | 'bias' | 'recurrentActivation'>;

/** Runs a cell over a sequence, of one sample at least, on a fused kernel. */
export function runFusedSequence(
  kernel: FusedKernel,
  cell: FusedCell,
  sequence: Sequence,
  { keptUnits, ...options }: ScanOptions,
): ScanResult {
  return tidy(() => {
    const inputs = fusedInputs(cell, sequence);
    const kernelOptions = { ...options, recurrentActivation: cell.recurrentActivation.getClassName() };
    return keptUnits === undefined
      ? runFused(kernel, inputs, kernelOptions)
      : runInPieces(kernel, inputs, kernelOptions, keptUnits);
  });
}

function fusedInputs(cell: FusedCell, { x, states: [h0, c0], mask, dropout }: Sequence): FusedInputs {
  const read = (weight: tf.LayerVariable) => weight.read();
  return {
    x: asFloat(x),
    ...{ h0: asFloat(h0), c0: asFloat(c0) },
    kernel: read(cell.kernel) as tf.Tensor2D,
    recurrentKernel: read(cell.recurrentKernel) as tf.Tensor2D,
    bias: cell.bias && (read(cell.bias) as tf.Tensor1D),
    mask: mask && booleanMask(mask),
    inputMasks: spread(dropout.input, [x.shape[0], x.shape[2]]),
    recurrentMasks: spread(dropout.recurrent, h0.shape),
  };
}

function asFloat<T extends tf.Tensor>(tensor: T): T {
  return tensor.dtype === 'float32' ? tensor : tf.cast(tensor, 'float32');
}

/** An injected `dropoutFunc` may return masks of fewer rows, as long as they broadcast. */
function spread(masks: GateMasks, shape: [number, number]): GateMasks {
  return masks.map((mask) => asFloat(tf.util.arraysEqual(mask.shape, shape) ? mask : tf.broadcastTo(mask, shape)));
}

/** What a piece of a sequence may take while all of its units are held. */
const BYTES_OF_PIECE = 2 ** 24;

/** Keeps some units only: piece by piece, so that the others are never held for the whole sequence. */
function runInPieces(
  kernel: FusedKernel,
  inputs: FusedInputs,
  options: FusedOptions,
  keptUnits: readonly number[],
): ScanResult {
  const [batch, timesteps] = inputs.x.shape;
  const bytesOfStep = 4 * (GATE_SEQUENCE_NAMES.length + 1) * batch * inputs.h0.shape[1];
  const stepsOfPiece = Math.max(1, Math.floor(BYTES_OF_PIECE / bytesOfStep));
  const indices = tf.tensor1d([...keptUnits], 'int32');
  const pieces: ScanResult[] = [];
  let { h0, c0 } = inputs;
  for (let n = 0; n < timesteps; n += stepsOfPiece) {
    const count = Math.min(stepsOfPiece, timesteps - n);
    const first = options.goBackwards ? timesteps - n - count : n;
    const piece = tidy(() => {
      const result = runFused(kernel, { ...sliceTime(inputs, first, count), h0, c0 }, options);
      return chooseUnits(result, indices);
    });
    pieces.push(piece);
    ({ h: h0, c: c0 } = piece);
  }
  return joinPieces(pieces);
}

function sliceTime(inputs: FusedInputs, first: number, count: number): FusedInputs {
  const { x, mask } = inputs;
  return {
    ...inputs,
    x: tf.slice(x, [0, first, 0], [-1, count, -1]),
    mask: mask && tf.slice(mask, [0, first], [-1, count]),
  };
}

function chooseUnits(result: ScanResult, indices: tf.Tensor1D): ScanResult {
  const choose = (steps: tf.Tensor3D) => tf.gather(steps, indices, 2);
  return { ...result, outputs: result.outputs && choose(result.outputs), gates: mapGates(result.gates, choose) };
}

function joinPieces(pieces: readonly ScanResult[]): ScanResult {
  const last = pieces[pieces.length - 1] as ScanResult;
  const join = (sequences: tf.Tensor3D[]) =>
    sequences.length === 1 ? (sequences[0] as tf.Tensor3D) : tf.concat(sequences, 1);
  return {
    ...last,
    outputs: last.outputs && join(pieces.map(({ outputs }) => outputs as tf.Tensor3D)),
    gates: mapGates(last.gates, (_, name) => join(pieces.map(({ gates }) => (gates as GateSequences)[name]))),
  };
}

function mapGates(
  gates: GateSequences | null,
  map: (steps: tf.Tensor3D, name: keyof GateSequences) => tf.Tensor3D,
): GateSequences | null {
  if (gates === null) return null;
  return Object.fromEntries(
    GATE_SEQUENCE_NAMES.map((name) => [name, map(gates[name], name)]),
  ) as unknown as GateSequences;
}

import * as tf from '@tensorflow/tfjs';
import type { StepAddition } from '../fused/fused-kernel.js';
import { provideAdditions } from '../fused/wasm/provide-additions.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import type { FusedEquations, FusedWeights, SequenceCell } from '../sequence/sequence.js';

provideAdditions();

/** What a cell's steps have beyond the six equations; what is left out they do not have. */
export interface PartsOfStep {
  hasPeepholes?: boolean;
  isCoupled?: boolean;
  hasProjection?: boolean;
  gateClip?: number | null;
  cellClip?: number | null;
  projectionClip?: number | null;
  /** What is added to the forget gate's pre-activation. */
  forgetBias?: number;
}

/** A cell whose weights are in blocks i, f, g, o, without f where it is coupled; peepholes likewise in i, f, o. */
type CellOfParts = Pick<SequenceCell, 'kernel' | 'recurrentKernel' | 'bias'> & {
  readonly units: number;
  readonly peepholeKernel?: tf.LayerVariable | null;
  readonly projectionKernel?: tf.LayerVariable | null;
};

/** How a fused kernel computes such steps. */
export function fusedEquationsOf(cell: CellOfParts, parts: PartsOfStep): FusedEquations {
  const { hasPeepholes, isCoupled = false, hasProjection, gateClip = null, cellClip = null } = parts;
  const additions: StepAddition[] = [];
  if (hasPeepholes) additions.push('peepholes');
  if (isCoupled) additions.push('coupled gates');
  if (cellClip !== null || gateClip !== null) additions.push('clipping');
  if (hasProjection) additions.push('a projection');
  return {
    additions,
    weights: () => fusedWeights(cell, parts),
    dropoutMasks: (ofGates) => {
      const [i, g, o] = ofGates as [tf.Tensor, tf.Tensor, tf.Tensor];
      return isCoupled && ofGates.length > 1 ? [i, i, g, o] : ofGates;
    },
  };
}

/** Whether a cell's steps are those of its class, and not of a class derived from that. */
export function hasStepsOf(cell: SequenceCell, { projectInput, stepFromProjectedInput }: SequenceCell): boolean {
  const isAsThere = cell.projectInput === projectInput && cell.stepFromProjectedInput === stepFromProjectedInput;
  return isAsThere && cell.step === LSTMCell.prototype.step;
}

function fusedWeights(cell: CellOfParts, parts: PartsOfStep): FusedWeights {
  const { isCoupled = false, gateClip = null, cellClip = null, projectionClip = null, forgetBias = 0 } = parts;
  const { units, peepholeKernel, projectionKernel } = cell;
  const kernel = cell.kernel.read() as tf.Tensor2D;
  const recurrentKernel = cell.recurrentKernel.read() as tf.Tensor2D;
  const bias = cell.bias && (cell.bias.read() as tf.Tensor1D);
  const peepholes = peepholeKernel == null ? null : (peepholeKernel.read() as tf.Tensor1D);
  const projection = projectionKernel == null ? null : (projectionKernel.read() as tf.Tensor2D);
  const rest = { projection, isCoupled, gateClip, cellClip, projectionClip };
  if (isCoupled) {
    return {
      kernel: withBlockOfF(kernel, units),
      recurrentKernel: withBlockOfF(recurrentKernel, units),
      bias: bias && withBlockOfF(bias, units),
      additions: { ...rest, peepholes: peepholes && withBlockOfF(peepholes, units) },
    };
  }
  return {
    kernel,
    recurrentKernel,
    bias: forgetBias === 0 ? bias : withForgetBias(bias, units, forgetBias),
    additions: { ...rest, peepholes },
  };
}

/** Blocks i, f, ... of blocks i, ...: a coupled forget gate's are there, and not read. */
function withBlockOfF<T extends tf.Tensor>(blocks: T, units: number): T {
  const rows = blocks.shape.slice(0, -1);
  const width = blocks.shape.at(-1) as number;
  const [i, others] = tf.split(blocks, [units, width - units], -1) as [T, T];
  return tf.concat([i, tf.zeros([...rows, units]) as T, others], -1);
}

function withForgetBias(bias: tf.Tensor1D | null, units: number, forgetBias: number): tf.Tensor1D {
  const zeros = tf.zeros([units]) as tf.Tensor1D;
  const added = tf.concat([zeros, tf.fill([units], forgetBias) as tf.Tensor1D, zeros, zeros]);
  return bias === null ? added : tf.add(bias, added);
}

import type { FusedProblem } from '../fused/fused-kernel.js';
import { gradientDepth } from '../host/gradient-tape.js';
import type { Kwargs } from '../host/types.js';
import { LSTMCell } from './lstm-cell.js';
import type { Sequence } from './run-sequence.js';

/** What is wanted of a sequence besides its last states. */
export interface Wanted {
  isTraining: boolean;
  keepsGates: boolean;
}

export function wantedBy(layer: { returnGates: boolean }, { training }: Kwargs): Wanted {
  return { isTraining: training === true, keepsGates: layer.returnGates };
}

/**
 * What a kernel would have to compute to take a cell's place, or why none could.
 *
 * @param inputShape [B, T, D]
 */
export function sequenceProblem(
  cell: LSTMCell,
  inputShape: readonly [number, number, number],
  mask: Sequence['mask'],
  wanted: Wanted,
): FusedProblem | string {
  if (cell.stepEdit !== null) return 'gates are being edited';
  if (!hasOnlyTheSixEquations(cell)) return `the cell of class ${cell.getClassName()} computes its steps itself`;
  return describeProblem(cell, inputShape, mask, wanted);
}

type DescribedCell = Pick<LSTMCell, 'units' | 'activation' | 'recurrentActivation' | 'dropout' | 'recurrentDropout'>;

/**
 * What a kernel would have to compute to take the place of a cell, of this package or of tfjs, that computes the six
 * equations and nothing else.
 *
 * @param inputShape [B, T, D]
 */
export function describeProblem(
  cell: DescribedCell,
  inputShape: readonly [number, number, number],
  mask: Sequence['mask'],
  { isTraining, keepsGates }: Wanted,
): FusedProblem {
  const [batch, timesteps, features] = inputShape;
  return {
    batch,
    timesteps,
    features,
    units: cell.units,
    activation: cell.activation.getClassName(),
    recurrentActivation: cell.recurrentActivation.getClassName(),
    isMasked: mask !== null,
    hasRecurrentDropout: isTraining && cell.recurrentDropout > 0,
    keepsGates,
    takesGradients: gradientDepth() !== 0,
    hasPeepholes: false,
  };
}

function hasOnlyTheSixEquations(cell: LSTMCell): boolean {
  const { projectInput, stepFromProjectedInput } = LSTMCell.prototype;
  return cell.projectInput === projectInput && cell.stepFromProjectedInput === stepFromProjectedInput;
}

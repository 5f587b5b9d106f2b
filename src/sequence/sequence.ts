import * as tf from '@tensorflow/tfjs';
import type { SizedCell } from '../core/quantities.js';
import type { CellStep, EquationsOfCell, States } from '../core/step.js';
import type { DropCandidate, DropoutMasks, GateDropoutMasks } from '../core/weighted-sum.js';
import type { WeightFacts } from '../core/weights.js';
import type { FusedInputs, StepAddition } from '../fused/fused-kernel.js';
import { sharingData } from '../host/sharing-data.js';

/** One sequence that a cell is to run over, checked. */
export interface Sequence {
  /** [B, T, D], T at least 1, in the input's order. */
  x: tf.Tensor3D;
  /** The states before the first step processed, in the order of the cell's `stateNames`; null for zeros. */
  states: States | null;
  /** [B, T], of any dtype; 0 is masked. */
  mask: tf.Tensor2D | null;
  /** `NO_DROPOUT` in inference. */
  dropoutMasks: DropoutMasks;
}

/** A cell as a sequence needs it: of this package, derived from it, or one of tfjs that stands behind `cellToRun`. */
export interface SequenceCell extends EquationsOfCell, SizedCell {
  readonly name: string;
  readonly bias: tf.LayerVariable | null;
  readonly dropout: number;
  readonly recurrentDropout: number;
  /** The rate at which the candidate is dropped out, step by step. */
  readonly candidateDropout: number;
  /** The rates at which h and c keep their previous value. */
  readonly zoneout: number;
  readonly zoneoutCell: number;
  /**
   * Which of its steps are other than the six equations of `core/step.ts`: none; those from pre-activations on, or to
   * there; or the whole of them, so that there need be no pre-activations at all. What uses the equations themselves
   * applies where there are none; so does a fused kernel, unless `fusedEquations` says more.
   */
  readonly ownEquations: OwnEquations;
  /** How a fused kernel may compute the equations of its own; null, or missing, where none can. */
  readonly fusedEquations?: FusedEquations | null;
  /** The weights that it has, in the order in which they are saved. */
  readonly weightFacts: readonly WeightFacts[];
  /** The name of a gate's activation; null where the cell does not say. */
  gateActivation(gate: string): string | null;
  /** Says what a cell computes in messages. */
  getClassName(): string;
  /** x·W + b, [N, 4U] from [N, D]. Not used where all of the step is the cell's own. */
  projectInput(x: tf.Tensor2D, dropoutMasks: GateDropoutMasks): tf.Tensor2D;
  /**
   * One timestep from what the input contributes to the pre-activations, [B, 4U]; zoneout is not its business. Not used
   * likewise.
   */
  stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    states: States,
    dropoutMasks: GateDropoutMasks,
    dropCandidate?: DropCandidate,
  ): CellStep;
  /** One timestep, without dropout: from x [B, D], and the states. A whole step's own cell does it without zoneout. */
  step(x: tf.Tensor2D, states: States): CellStep;
  /** The dropout masks of one sequence in training, [B, D] and [B, U]. */
  drawDropoutMasks(batch: number): DropoutMasks;
}

/** A built LSTM layer, of this package or of tfjs, as what runs its sequences sees it. */
export interface LSTMToRun {
  name: string;
  cell: SequenceCell;
  goBackwards: boolean;
  /** The states of a stateful layer; else null. */
  states: States | null;
}

export type OwnEquations = 'none' | 'around pre-activations' | 'whole step';

/** A cell's steps as the six equations, with additions that some fused kernels know. */
export interface FusedEquations {
  readonly additions: readonly StepAddition[];
  /**
   * The weights that the steps come down to, in the plain LSTM's four blocks, differentiable with respect to the cell's.
   * To be called within a tidy.
   */
  weights(): FusedWeights;
  /** The dropout masks of the cell's gates, as those of the four blocks. */
  dropoutMasks(ofGates: GateDropoutMasks): GateDropoutMasks;
}

export type FusedWeights = Pick<FusedInputs, 'kernel' | 'recurrentKernel' | 'bias' | 'additions'>;

/** Whether a cell's gates have pre-activations [B, 4U] that `projectInput` and `stepFromProjectedInput` meet at. */
export function hasPreActivations({ ownEquations }: Pick<SequenceCell, 'ownEquations'>): boolean {
  return ownEquations !== 'whole step';
}

/** Tensors of their own, of the same data where they are of one width. */
export function zeroStates(batch: number, cell: SizedCell): tf.Tensor2D[] {
  const zeros: tf.Tensor2D[] = [];
  for (const name of cell.stateNames) {
    const width = cell.widthOf(name);
    const alike = zeros.find(({ shape }) => shape[1] === width);
    zeros.push(alike === undefined ? tf.zeros([batch, width]) : sharingData(alike));
  }
  return zeros;
}

/** The states that a sequence starts from. To be called within a tidy, as zeros are new. */
export function statesBefore({ x, states }: Pick<Sequence, 'x' | 'states'>, cell: SizedCell): States {
  return states ?? zeroStates(x.shape[0], cell);
}

import * as tf from '@tensorflow/tfjs';
import { splitBlocks } from '../core/gates.js';
import { A_FINITE_NUMBER } from '../core/options.js';
import type { CellStep, States } from '../core/step.js';
import { type DropCandidate, type GateDropoutMasks, keepCandidate, weightedSum } from '../core/weighted-sum.js';
import { blocksOf, lstmWeightsOf, type WeightFacts } from '../core/weights.js';
import type { LSTMCellArgs, VariantArguments } from '../layers/arguments.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import { makeCell, PAPER_DEFAULTS } from './make-cell.js';

/**
 * The arguments of `janetCell`: those of `lstmCell`, and the one below. `recurrentActivation` is by default 'sigmoid',
 * `kernelInitializer` 'glorotUniform'.
 */
export interface JanetCellArgs extends LSTMCellArgs {
  /** β: how much less than it forgets the cell takes in. Default: 1. */
  beta?: number;
}

const ARGUMENTS = {
  ...PAPER_DEFAULTS,
  beta: { type: A_FINITE_NUMBER, default: 1 },
} as const satisfies VariantArguments;

const GATES = ['f', 'g'];
const STATES = ['h'];

/**
 * The LSTM that has a forget gate only, and one state:
 *
 *     s  = x·W_f + h·U_f + b_f
 *     f  = σ(s)
 *     g  = φ(x·W_g + h·U_g + b_g)
 *     h' = f ⊙ h + (1 - σ(s - β)) ⊙ g
 *
 * @category Cells
 */
export class JanetCell extends LSTMCell<CellStep, { beta: number }> {
  static override readonly className: string = 'ExplicitJanetCell';

  /** @throws RangeError for an argument that breaks its rule; see `JanetCellArgs`. */
  constructor(args: JanetCellArgs) {
    super(args, 'janetCell', ARGUMENTS);
  }

  override get gateNames(): readonly string[] {
    return GATES;
  }

  override get stateNames(): readonly string[] {
    return STATES;
  }

  override get weightFacts(): readonly WeightFacts[] {
    return lstmWeightsOf(this, GATES, this.units);
  }

  override stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    [h]: States,
    recurrentDropoutMasks: GateDropoutMasks,
    dropCandidate: DropCandidate = keepCandidate,
  ): CellStep {
    const before = h as tf.Tensor2D;
    const recurrent = weightedSum(before, this.recurrentKernel.read() as tf.Tensor2D, recurrentDropoutMasks);
    const z = splitBlocks(tf.add<tf.Tensor2D>(projectedInput, recurrent), blocksOf(GATES, this.units));
    const σ = (value: tf.Tensor2D) => this.recurrentActivation.apply(value) as tf.Tensor2D;
    const f = σ(z.f as tf.Tensor2D);
    const g = dropCandidate(this.activation.apply(z.g as tf.Tensor2D) as tf.Tensor2D);
    const taken = tf.sub<tf.Tensor2D>(1, σ(tf.sub(z.f as tf.Tensor2D, this.own.beta)));
    return { f, g, h: tf.add(tf.mul(f, before), tf.mul(taken, g)) };
  }
}
tf.serialization.registerClass(JanetCell);

/**
 * Makes the cell of van der Westhuizen and Lasenby 2018, "The unreasonable effectiveness of the forget gate", equation 4.
 * Its only state is h. The paper starts the bias of f by chrono initialization, and that of g at 0.
 *
 * ```ts
 * const layer = lstm({ cell: janetCell({ units: 64 }), returnSequences: true });
 * ```
 *
 * Weights: kernel [D, 2U], recurrent_kernel [U, 2U], bias [2U] in blocks f, g.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Cells
 */
export function janetCell(args: JanetCellArgs): JanetCell {
  return makeCell('janetCell', JanetCell, args, ARGUMENTS);
}

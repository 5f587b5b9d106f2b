import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { A_FINITE_NUMBER } from '../core/options.js';
import { GATE_NAMES } from '../core/quantities.js';
import type { LSTMStep } from '../core/step.js';
import type { GateDropoutMasks } from '../core/weighted-sum.js';
import type { LSTMCellArgs, VariantArguments } from '../layers/arguments.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import type { FusedEquations } from '../sequence/sequence.js';
import { fusedEquationsOf, hasStepsOf } from './fused-equations.js';
import { makeCell, PAPER_DEFAULTS } from './make-cell.js';

/**
 * The arguments of `basicLSTMCell`: those of `lstmCell`, and the one below. `recurrentActivation` is by default 'sigmoid',
 * `kernelInitializer` 'glorotUniform'.
 */
export interface BasicLSTMCellArgs extends LSTMCellArgs {
  /** What is added to the forget gate's pre-activation when the cell runs, and not stored. Default: 1. */
  forgetBias?: number;
}

const ARGUMENTS = {
  ...PAPER_DEFAULTS,
  forgetBias: { type: A_FINITE_NUMBER, default: 1 },
} as const satisfies VariantArguments;

/**
 * The plain LSTM, whose forget gate is opened by a constant that is no weight:
 *
 *     i  = σ(x·W_i + h·U_i + b_i)
 *     f  = σ(x·W_f + h·U_f + b_f + forgetBias)
 *     g  = φ(x·W_g + h·U_g + b_g)
 *     o  = σ(x·W_o + h·U_o + b_o)
 *     c' = f ⊙ c + i ⊙ g
 *     h' = o ⊙ φ(c')
 *
 * @category Cells
 */
export class BasicLSTMCell extends LSTMCell<LSTMStep, { forgetBias: number }> {
  static override readonly className: string = 'ExplicitBasicLSTMCell';

  /** @throws RangeError for an argument that breaks its rule; see `BasicLSTMCellArgs`. */
  constructor(args: BasicLSTMCellArgs) {
    refuseNameOfTensorFlow(args);
    super(args, 'basicLSTMCell', ARGUMENTS);
  }

  override projectInput(x: tf.Tensor2D, dropoutMasks: GateDropoutMasks): tf.Tensor2D {
    const added = GATE_NAMES.map((gate) => tf.fill([this.units], gate === 'f' ? this.own.forgetBias : 0));
    return tf.add(super.projectInput(x, dropoutMasks), tf.concat(added));
  }

  /** None for a derived class with steps of its own. */
  get fusedEquations(): FusedEquations | null {
    if (!hasStepsOf(this, BasicLSTMCell.prototype)) return null;
    return fusedEquationsOf(this, { forgetBias: this.own.forgetBias });
  }
}
tf.serialization.registerClass(BasicLSTMCell);

/** Who brings a cell over from TF1 brings its name for the units. */
function refuseNameOfTensorFlow(args: object | null): void {
  for (const name of ['numUnits', 'num_units']) {
    const value = (args as Record<string, unknown> | null)?.[name];
    if (value !== undefined) throw invalidArgument('basicLSTMCell', `${name} must be spelt 'units'`, value);
  }
}

/**
 * Makes what TF1's `BasicLSTMCell` computes: the cell of Zaremba, Sutskever and Vinyals 2014, "Recurrent Neural Network
 * Regularization", with the forget bias that Jozefowicz, Zaremba and Sutskever 2015 recommend. TF1's own kernel has the
 * blocks i, g, f, o, and those of kernel and recurrent kernel in one.
 *
 * ```ts
 * const layer = lstm({ cell: basicLSTMCell({ units: 128, forgetBias: 1 }), returnSequences: true });
 * ```
 *
 * Weights: kernel [D, 4U], recurrent_kernel [U, 4U], bias [4U] in blocks i, f, g, o.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Cells
 */
export function basicLSTMCell(args: BasicLSTMCellArgs): BasicLSTMCell {
  return makeCell('basicLSTMCell', BasicLSTMCell, args, ARGUMENTS);
}

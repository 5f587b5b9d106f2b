import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../core/gates.js';
import { type CellStep, lstmStep, type States, type StepActivations } from '../core/step.js';
import { type DropCandidate, type GateDropoutMasks, keepCandidate, weightedSum } from '../core/weighted-sum.js';
import { blocksOf, type WeightFacts, weightsFor } from '../core/weights.js';
import type { Initializer } from '../host/types.js';
import type { LSTMCellArgs, VariantArguments } from '../layers/arguments.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import { makeCell, PAPER_DEFAULTS } from './make-cell.js';

/**
 * The arguments of `multiplicativeCell`: those of `lstmCell`, and the ones below. `recurrentActivation` is by default 'sigmoid',
 * `kernelInitializer` 'glorotUniform'.
 */
export interface MultiplicativeCellArgs extends LSTMCellArgs {
  /** Of Wmx. Default: 'glorotNormal'. */
  multiplicativeInitializer?: LSTMCellArgs['kernelInitializer'];
  /** Of Wmh. Default: 'orthogonal'. */
  multiplicativeRecurrentInitializer?: LSTMCellArgs['recurrentInitializer'];
}

const ARGUMENTS = {
  ...PAPER_DEFAULTS,
  multiplicativeInitializer: { type: 'initializer', default: 'glorotNormal' },
  multiplicativeRecurrentInitializer: { type: 'initializer', default: 'orthogonal' },
} as const satisfies VariantArguments;

interface Own {
  multiplicativeInitializer: Initializer;
  multiplicativeRecurrentInitializer: Initializer;
}

const GATES = [...GATE_NAMES, 'm'];

/**
 * The LSTM whose gates see, instead of h, a product of x and h: each input has a transition of its own.
 *
 *     m  = (x·Wmx) ⊙ (h·Wmh)
 *     i  = σ(x·W_i + m·U_i + b_i)
 *     f  = σ(x·W_f + m·U_f + b_f)
 *     g  = φ(x·W_g + m·U_g + b_g)
 *     o  = σ(x·W_o + m·U_o + b_o)
 *     c' = f ⊙ c + i ⊙ g
 *     h' = o ⊙ φ(c')
 *
 * m is listed among the gates. Recurrent dropout drops h, on its way into m.
 *
 * @category Cells
 */
export class MultiplicativeCell extends LSTMCell<CellStep, Own> {
  static override readonly className: string = 'ExplicitMultiplicativeCell';
  multiplicativeKernel!: tf.LayerVariable;
  multiplicativeRecurrentKernel!: tf.LayerVariable;

  /** @throws RangeError for an argument that breaks its rule; see `MultiplicativeCellArgs`. */
  constructor(args: MultiplicativeCellArgs) {
    super(args, 'multiplicativeCell', ARGUMENTS);
  }

  override get gateNames(): readonly string[] {
    return GATES;
  }

  override get weightFacts(): readonly WeightFacts[] {
    const ofM = { flag: null, blocks: (units: number) => blocksOf(['m'], units) };
    return [
      ...weightsFor(this),
      {
        ...ofM,
        property: 'multiplicativeKernel',
        storedName: 'multiplicative_kernel',
        title: 'multiplicative kernel',
        argument: 'multiplicative',
        row: 'feature',
        shape: (features, units) => [features, units],
      },
      {
        ...ofM,
        property: 'multiplicativeRecurrentKernel',
        storedName: 'multiplicative_recurrent_kernel',
        title: 'multiplicative recurrent kernel',
        argument: 'multiplicativeRecurrent',
        row: 'unit',
        shape: (_features, units) => [units, units],
      },
    ];
  }

  /** @returns `[N, 5U]`: the four gates', and x·Wmx. */
  override projectInput(x: tf.Tensor2D, dropoutMasks: GateDropoutMasks): tf.Tensor2D {
    const { ofGates, ofM } = shareOut(dropoutMasks);
    const factor = weightedSum(x, this.multiplicativeKernel.read() as tf.Tensor2D, ofM);
    return tf.concat([super.projectInput(x, ofGates), factor], 1);
  }

  override stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    states: States,
    recurrentDropoutMasks: GateDropoutMasks,
    dropCandidate: DropCandidate = keepCandidate,
  ): CellStep {
    const { units } = this;
    const [h, c] = states as readonly [tf.Tensor2D, tf.Tensor2D];
    const [ofGates, factor] = tf.split(projectedInput, [GATE_NAMES.length * units, units], 1) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const { ofM } = shareOut(recurrentDropoutMasks);
    const m = tf.mul<tf.Tensor2D>(
      factor,
      weightedSum(h, this.multiplicativeRecurrentKernel.read() as tf.Tensor2D, ofM),
    );
    const z = tf.add<tf.Tensor2D>(ofGates, tf.matMul(m, this.recurrentKernel.read() as tf.Tensor2D));
    const activations: StepActivations = {
      activation: (value) => this.activation.apply(value) as tf.Tensor2D,
      recurrentActivation: (value) => this.recurrentActivation.apply(value) as tf.Tensor2D,
    };
    return { ...lstmStep(z, c, activations, dropCandidate), m };
  }
}
tf.serialization.registerClass(MultiplicativeCell);

/** One dropout mask a gate is four for the blocks of the kernels, and m's. */
function shareOut(dropoutMasks: GateDropoutMasks): { ofGates: GateDropoutMasks; ofM: GateDropoutMasks } {
  return { ofGates: dropoutMasks.slice(0, GATE_NAMES.length), ofM: dropoutMasks.slice(-1) };
}

/**
 * Makes the cell of Krause, Lu, Murray and Renals 2016, "Multiplicative LSTM for sequence modelling".
 *
 * ```ts
 * const layer = lstm({ cell: multiplicativeCell({ units: 64 }), returnSequences: true });
 * ```
 *
 * Weights: kernel [D, 4U], recurrent_kernel [U, 4U], bias [4U] in blocks i, f, g, o; multiplicative_kernel [D, U] (Wmx);
 * multiplicative_recurrent_kernel [U, U] (Wmh).
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Cells
 */
export function multiplicativeCell(args: MultiplicativeCellArgs): MultiplicativeCell {
  return makeCell('multiplicativeCell', MultiplicativeCell, args, ARGUMENTS);
}

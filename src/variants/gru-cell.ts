import * as tf from '@tensorflow/tfjs';
import { splitBlocks } from '../core/gates.js';
import { A_BOOLEAN } from '../core/options.js';
import type { CellStep, States } from '../core/step.js';
import { type DropCandidate, type GateDropoutMasks, keepCandidate, weightedSum } from '../core/weighted-sum.js';
import { blocksOf, lstmWeightsOf, type WeightFacts } from '../core/weights.js';
import type { LSTMCellArgs, VariantArguments } from '../layers/arguments.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import { makeCell, PAPER_DEFAULTS } from './make-cell.js';

/**
 * The arguments of `gruCell`: those of `lstmCell`, and the one below. `recurrentActivation` is by default 'sigmoid',
 * `kernelInitializer` 'glorotUniform'.
 */
export interface GruCellArgs extends LSTMCellArgs {
  /**
   * Whether the reset gate is applied to the product of h and its weights, as by default in Keras, and always in PyTorch; else
   * to h before the product, as in the paper. Default: true.
   */
  resetAfter?: boolean;
}

const ARGUMENTS = {
  ...PAPER_DEFAULTS,
  resetAfter: { type: A_BOOLEAN, default: true },
} as const satisfies VariantArguments;

const GATES = ['z', 'r', 'g'];
const STATES = ['h'];

/**
 * The gated recurrent unit, which has no cell state:
 *
 *     z  = σ(x·W_z + b_z + h·U_z + d_z)              update gate
 *     r  = σ(x·W_r + b_r + h·U_r + d_r)              reset gate
 *     g  = φ(x·W_g + b_g + r ⊙ (h·U_g + d_g))        candidate
 *     h' = z ⊙ h + (1 - z) ⊙ g
 *
 * The biases are the two rows of one weight: b, and d of what comes of h. With `resetAfter: false` there is no d, and
 *
 *     g  = φ(x·W_g + b_g + (r ⊙ h)·U_g)
 *
 * The candidate is written h̃ in the paper, h in Keras's order of blocks, and n in PyTorch.
 *
 * @category Cells
 */
export class GruCell extends LSTMCell<CellStep, { resetAfter: boolean }> {
  static override readonly className: string = 'ExplicitGruCell';

  /** @throws RangeError for an argument that breaks its rule; see `GruCellArgs`. */
  constructor(args: GruCellArgs) {
    super(args, 'gruCell', ARGUMENTS);
  }

  override get gateNames(): readonly string[] {
    return GATES;
  }

  override get stateNames(): readonly string[] {
    return STATES;
  }

  override gateActivation(gate: string): string {
    return (gate === 'g' ? this.activation : this.recurrentActivation).getClassName();
  }

  override get weightFacts(): readonly WeightFacts[] {
    return lstmWeightsOf(this, GATES, this.units).map((weight) => {
      if (weight.property !== 'bias' || !this.own.resetAfter) return weight;
      return { ...weight, shape: (_features, units) => [2, GATES.length * units] };
    });
  }

  override projectInput(x: tf.Tensor2D, dropoutMasks: GateDropoutMasks): tf.Tensor2D {
    const { resetAfter } = this.own;
    if (this.bias === null || !resetAfter) return super.projectInput(x, dropoutMasks);
    return tf.add(weightedSum(x, this.kernel.read() as tf.Tensor2D, dropoutMasks), this.rowOfBias(0));
  }

  override stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    [h]: States,
    recurrentDropoutMasks: GateDropoutMasks,
    dropCandidate: DropCandidate = keepCandidate,
  ): CellStep {
    const before = h as tf.Tensor2D;
    const σ = (value: tf.Tensor2D) => this.recurrentActivation.apply(value) as tf.Tensor2D;
    const φ = (value: tf.Tensor2D) => this.activation.apply(value) as tf.Tensor2D;
    const ofX = this.byGate(projectedInput);
    const { ofH, ofReset } = this.productsOf(before, recurrentDropoutMasks);
    const z = σ(tf.add(ofX.z, ofH.z));
    const r = σ(tf.add(ofX.r, ofH.r));
    const g = dropCandidate(φ(tf.add(ofX.g, ofReset(r))));
    return { z, r, g, h: tf.add(tf.mul(z, before), tf.mul(tf.sub(1, z), g)) };
  }

  /** What h contributes to z and r, and what it contributes to g, given r. */
  private productsOf(h: tf.Tensor2D, dropoutMasks: GateDropoutMasks) {
    const recurrentKernel = this.recurrentKernel.read() as tf.Tensor2D;
    if (this.own.resetAfter) {
      const product = weightedSum(h, recurrentKernel, dropoutMasks);
      const ofH = this.byGate(this.bias === null ? product : tf.add<tf.Tensor2D>(product, this.rowOfBias(1)));
      return { ofH, ofReset: (r: tf.Tensor2D): tf.Tensor2D => tf.mul(r, ofH.g) };
    }
    const { units } = this;
    const [ofGates, ofCandidate] = tf.split(recurrentKernel, [2 * units, units], 1) as [tf.Tensor2D, tf.Tensor2D];
    const isOneForAll = dropoutMasks.length === 1;
    const [z, r] = tf.split(weightedSum(h, ofGates, isOneForAll ? dropoutMasks : dropoutMasks.slice(0, 2)), 2, 1);
    const ofReset = (reset: tf.Tensor2D) =>
      weightedSum(tf.mul(reset, h), ofCandidate, isOneForAll ? dropoutMasks : dropoutMasks.slice(2));
    return { ofH: { z: z as tf.Tensor2D, r: r as tf.Tensor2D }, ofReset };
  }

  private byGate(blocks: tf.Tensor2D) {
    return splitBlocks(blocks, blocksOf(GATES, this.units)) as Record<'z' | 'r' | 'g', tf.Tensor2D>;
  }

  /** b or d of the equations, [1, 3U]. */
  private rowOfBias(row: number): tf.Tensor2D {
    return tf.slice((this.bias as tf.LayerVariable).read() as tf.Tensor2D, [row, 0], [1, -1]);
  }
}
tf.serialization.registerClass(GruCell);

/**
 * Makes the cell of Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
 * Translation", as Keras and PyTorch compute it, or with `resetAfter: false` as the paper has it. Its only state is h.
 *
 * ```ts
 * const layer = lstm({ cell: gruCell({ units: 64 }), returnSequences: true });
 * ```
 *
 * Weights, laid out as Keras's: kernel [D, 3U], recurrent_kernel [U, 3U], bias [2, 3U], or [3U] with `resetAfter: false`, in
 * blocks z, r, g.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Cells
 */
export function gruCell(args: GruCellArgs): GruCell {
  return makeCell('gruCell', GruCell, args, ARGUMENTS);
}

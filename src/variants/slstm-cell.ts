import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { GATE_NAMES, splitByGate } from '../core/gates.js';
import { A_POSITIVE_INTEGER } from '../core/options.js';
import type { CellStep, States } from '../core/step.js';
import { type DropCandidate, type GateDropoutMasks, keepCandidate, weightedSum } from '../core/weighted-sum.js';
import { type WeightFacts, weightsFor } from '../core/weights.js';
import { type LSTMCellArgs, type VariantArguments, withoutChoice } from '../layers/arguments.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import { logSigmoid } from './log-sigmoid.js';
import { makeCell } from './make-cell.js';

/** The arguments of `sLSTMCell`: those of `lstmCell`, and the one below. `recurrentActivation` is 'sigmoid', always. */
export interface SLSTMCellArgs extends LSTMCellArgs {
  /** The number of groups of units, each of which sees itself alone of h; `units` is divisible by it. Default: 1. */
  heads?: number;
}

const ARGUMENTS = {
  heads: { type: A_POSITIVE_INTEGER, default: 1 },
  recurrentActivation: withoutChoice('sigmoid', 'the input and the forget gate of sLSTM are exponential'),
} as const satisfies VariantArguments;

const STATES = ['h', 'c', 'n', 'm'];

/**
 * The LSTM with exponential gates, a normalizer state n and a stabilizer state m:
 *
 *     ĩ  = x·W_i + h·U_i + b_i
 *     f̃  = x·W_f + h·U_f + b_f
 *     g  = φ(x·W_g + h·U_g + b_g)
 *     o  = sigmoid(x·W_o + h·U_o + b_o)
 *     m' = max(ln sigmoid(f̃) + m, ĩ)
 *     i  = exp(ĩ - m')
 *     f  = exp(ln sigmoid(f̃) + m - m')
 *     c' = f ⊙ c + i ⊙ g
 *     n' = f ⊙ n + i
 *     h' = o ⊙ c' / n'
 *
 * The gates i and f are the stabilized ones: within [0, 1], and one of them is 1. h does not depend on m but for rounding.
 * As in the authors' package, m' = ĩ where nothing is stored, n being 0, as it is at the first step, and i and f are bounded
 * to 1. The package asks whether n is 0 in the whole batch; here each unit of each sample starts for itself, as behind a
 * mask it may start later than others. c is bounded by nothing; n is positive after the first step; m is in the
 * logarithmic scale and may be of either sign.
 *
 * @category Cells
 */
export class SLSTMCell extends LSTMCell<CellStep, { heads: number }> {
  static override readonly className: string = 'ExplicitSLSTMCell';

  /** @throws RangeError for an argument that breaks its rule; see `SLSTMCellArgs`. */
  constructor(args: SLSTMCellArgs) {
    super(args, 'sLSTMCell', ARGUMENTS);
    const { heads } = this.own;
    if (this.units % heads === 0) return;
    throw invalidArgument('sLSTMCell', `units must be divisible by heads (${heads})`, this.units);
  }

  override get stateNames(): readonly string[] {
    return STATES;
  }

  override get weightFacts(): readonly WeightFacts[] {
    const { heads } = this.own;
    return weightsFor(this).map((weight): WeightFacts => {
      if (weight.property !== 'recurrentKernel') return weight;
      return { ...weight, shape: (_features, units) => [units / heads, GATE_NAMES.length * units] };
    });
  }

  override stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    states: States,
    recurrentDropoutMasks: GateDropoutMasks,
    dropCandidate: DropCandidate = keepCandidate,
  ): CellStep {
    const { heads } = this.own;
    const [h, c, n, m] = states as readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const recurrentKernel = this.recurrentKernel.read() as tf.Tensor2D;
    const product = (value: tf.Tensor2D, weights: tf.Tensor2D) =>
      heads === 1 ? tf.matMul<tf.Tensor2D>(value, weights) : productByHead(value, weights, heads);
    const recurrent = weightedSum(h, recurrentKernel, recurrentDropoutMasks, product);
    const z = splitByGate(tf.add<tf.Tensor2D>(projectedInput, recurrent));
    const kept = tf.add<tf.Tensor2D>(logSigmoid(z.f), m);
    // Not tf.where: tfjs has no gradient, not even of 0, for the comparison that it would go by.
    const isUnderWay = tf.step(tf.abs(n));
    const newM = tf.add<tf.Tensor2D>(tf.mul(isUnderWay, tf.maximum(z.i, kept)), tf.mul(tf.sub(1, isUnderWay), z.i));
    const i = tf.minimum<tf.Tensor2D>(tf.exp(tf.sub(z.i, newM)), 1);
    const f = tf.minimum<tf.Tensor2D>(tf.exp(tf.sub(kept, newM)), 1);
    const g = dropCandidate(this.activation.apply(z.g) as tf.Tensor2D);
    const o = tf.sigmoid(z.o);
    const newC = tf.add<tf.Tensor2D>(tf.mul(f, c), tf.mul(i, g));
    const newN = tf.add<tf.Tensor2D>(tf.mul(f, n), i);
    const newH = tf.mul<tf.Tensor2D>(o, tf.div(newC, newN));
    return { i, f, g, o, c: newC, n: newN, m: newM, h: newH };
  }
}
tf.serialization.registerClass(SLSTMCell);

/** `[B, U]` times a block-diagonal matrix a gate, of which `[U / heads, G·U]` has the blocks: `[B, G·U]`. */
function productByHead(value: tf.Tensor2D, weights: tf.Tensor2D, heads: number): tf.Tensor2D {
  const [batch, units] = value.shape;
  const width = units / heads;
  const gates = weights.shape[1] / units;
  const values = tf.transpose(tf.reshape(value, [batch, heads, width]), [1, 0, 2]);
  const blocks = tf.transpose(tf.reshape(weights, [width, gates, heads, width]), [2, 0, 1, 3]);
  const products = tf.matMul(values, tf.reshape(blocks, [heads, width, gates * width]));
  const byGate = tf.transpose(tf.reshape(products, [heads, batch, gates, width]), [1, 2, 0, 3]);
  return tf.reshape(byGate, [batch, gates * units]);
}

/**
 * Makes the sLSTM cell of Beck et al. 2024, "xLSTM: Extended Long Short-Term Memory", which can revise what it has stored.
 *
 * ```ts
 * const layer = lstm({ cell: sLSTMCell({ units: 64, heads: 4 }), returnSequences: true });
 * ```
 *
 * States h, c, n, m, each [B, U]. Weights: kernel [D, 4U], recurrent_kernel [U / heads, 4U], bias [4U] in blocks i, f, g, o,
 * each of which is divided into the heads.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Cells
 */
export function sLSTMCell(args: SLSTMCellArgs): SLSTMCell {
  return makeCell('sLSTMCell', SLSTMCell, args, ARGUMENTS);
}

import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { splitBlocks } from '../core/gates.js';
import { A_POSITIVE_INTEGER } from '../core/options.js';
import type { CellStep, States } from '../core/step.js';
import { type Block, type WeightFacts, weightsFor } from '../core/weights.js';
import { type LSTMCellArgs, type VariantArguments, withoutChoice } from '../layers/arguments.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import { logSigmoid } from './log-sigmoid.js';
import { makeCell } from './make-cell.js';

/**
 * The arguments of `mLSTMCell`: those of `lstmCell`, and the one below. What concerns activations and a recurrent kernel
 * does not apply.
 */
export interface MLSTMCellArgs extends LSTMCellArgs {
  /** The number of memories, each of which has units / heads of the units; `units` is divisible by it. Default: 1. */
  heads?: number;
}

const NO_RECURRENT_KERNEL = 'mLSTM has no recurrent kernel';

const ARGUMENTS = {
  heads: { type: A_POSITIVE_INTEGER, default: 1 },
  activation: withoutChoice('tanh', 'mLSTM applies no activation to what it stores'),
  recurrentActivation: withoutChoice('sigmoid', 'the input and the forget gate of mLSTM are exponential'),
  recurrentDropout: withoutChoice(0, NO_RECURRENT_KERNEL),
  recurrentInitializer: withoutChoice(undefined, NO_RECURRENT_KERNEL),
  recurrentRegularizer: withoutChoice(undefined, NO_RECURRENT_KERNEL),
  recurrentConstraint: withoutChoice(undefined, NO_RECURRENT_KERNEL),
} as const satisfies VariantArguments;

const GATES = ['q', 'k', 'v', 'o', 'i', 'f'];
const STATES = ['h', 'c', 'n', 'm'];

/** Keeps the divisor from 0, as in the authors' package. */
const EPSILON = 1e-6;

/**
 * The LSTM with a matrix for memory, which stores values by keys and reads them by queries. For each head, d = U / heads wide:
 *
 *     q  = x·W_q + b_q
 *     k  = (x·W_k + b_k) / √d
 *     v  = x·W_v + b_v
 *     o  = sigmoid(x·W_o + b_o)
 *     ĩ  = x·W_i + b_i                           one number a head, as is f̃
 *     f̃  = x·W_f + b_f
 *     m' = max(ln sigmoid(f̃) + m, ĩ)
 *     i  = exp(ĩ - m')
 *     f  = exp(ln sigmoid(f̃) + m - m')
 *     C' = f C + i k vᵀ
 *     n' = f n + i k
 *     h' = o ⊙ C'ᵀq / (max(|n'ᵀq|, exp(-m')) + 10⁻⁶)
 *
 * The gates i and f are the stabilized ones: within [0, 1], and one of them is 1. q, k and v are listed among the gates.
 * Nothing but the states depends on the step before, so there is no recurrent kernel, and `recurrentKernel` is undefined.
 *
 * @category Cells
 */
export class MLSTMCell extends LSTMCell<CellStep, { heads: number }> {
  static override readonly className: string = 'ExplicitMLSTMCell';

  /** @throws RangeError for an argument that breaks its rule; see `MLSTMCellArgs`. */
  constructor(args: MLSTMCellArgs) {
    super(args, 'mLSTMCell', ARGUMENTS);
    const { heads } = this.own;
    if (this.units % heads === 0) return;
    throw invalidArgument('mLSTMCell', `units must be divisible by heads (${heads})`, this.units);
  }

  override get gateNames(): readonly string[] {
    return GATES;
  }

  override get stateNames(): readonly string[] {
    return STATES;
  }

  override widthOf(name: string): number {
    const { units } = this;
    const { heads } = this.own;
    if (name === 'c') return units * (units / heads);
    return name === 'i' || name === 'f' || name === 'm' ? heads : units;
  }

  override get weightFacts(): readonly WeightFacts[] {
    const blocks = this.blocks();
    const width = blocks.reduce((sum, block) => sum + block.width, 0);
    return weightsFor(this)
      .filter(({ property }) => property !== 'recurrentKernel')
      .map((weight) => ({
        ...weight,
        shape: (features) => (weight.row === null ? [width] : [features, width]),
        blocks: () => blocks,
      }));
  }

  override stepFromProjectedInput(projectedInput: tf.Tensor2D, states: States): CellStep {
    const { units } = this;
    const { heads } = this.own;
    const [batch] = projectedInput.shape;
    const width = units / heads;
    const byHead = (value: tf.Tensor2D) => tf.reshape(value, [batch, heads, width]);
    const [, c, n, m] = states as readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const z = splitBlocks(projectedInput, this.blocks());
    const { q, v } = z as Record<string, tf.Tensor2D> & { q: tf.Tensor2D; v: tf.Tensor2D };
    const k = tf.div<tf.Tensor2D>(z.k as tf.Tensor2D, Math.sqrt(width));
    const o = tf.sigmoid(z.o as tf.Tensor2D);
    const kept = tf.add<tf.Tensor2D>(logSigmoid(z.f as tf.Tensor2D), m);
    const newM = tf.maximum<tf.Tensor2D>(z.i as tf.Tensor2D, kept);
    const i = tf.exp(tf.sub<tf.Tensor2D>(z.i as tf.Tensor2D, newM));
    const f = tf.exp(tf.sub<tf.Tensor2D>(kept, newM));
    const writtenKey = tf.mul(tf.expandDims(i, 2), byHead(k));
    // As they are returned: what leads from a step's states to its h is looked for there.
    const newN = tf.reshape(tf.add(tf.mul(tf.expandDims(f, 2), byHead(n)), writtenKey), [batch, units]) as tf.Tensor2D;
    const written = tf.mul(tf.expandDims(writtenKey, 3), tf.expandDims(byHead(v), 2));
    const inMatrices = (value: tf.Tensor2D) => tf.reshape(value, [batch, heads, width, width]);
    const left = tf.mul(tf.reshape(f, [batch, heads, 1, 1]), inMatrices(c));
    const newC = tf.reshape(tf.add(left, written), [batch, units * width]) as tf.Tensor2D;
    const read = tf.reshape(tf.matMul(tf.expandDims(byHead(q), 2), inMatrices(newC)), [batch, heads, width]);
    const overlap = tf.abs(tf.sum(tf.mul(byHead(q), byHead(newN)), 2));
    const divisor = tf.add(tf.maximum(overlap, tf.exp(tf.neg(newM))), EPSILON);
    const normalized = tf.reshape(tf.div(read, tf.expandDims(divisor, 2)), [batch, units]);
    return {
      q,
      k,
      v,
      o,
      i,
      f,
      c: newC,
      n: newN,
      m: newM,
      h: tf.mul(o, normalized),
    };
  }

  private blocks(): Block[] {
    return GATES.map((name) => ({ name, width: this.widthOf(name) }));
  }
}
tf.serialization.registerClass(MLSTMCell);

/**
 * Makes the mLSTM cell of Beck et al. 2024, "xLSTM: Extended Long Short-Term Memory": the cell alone, without the blocks
 * that the paper builds around it.
 *
 * ```ts
 * const layer = lstm({ cell: mLSTMCell({ units: 64, heads: 4 }), returnSequences: true });
 * ```
 *
 * States: h [B, U]; c [B, U²/heads], the memories, each by key and then by value; n [B, U]; m [B, heads]. Weights: kernel
 * [D, 4U + 2 heads] and bias in blocks q, k, v, o of U and i, f of heads.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Cells
 */
export function mLSTMCell(args: MLSTMCellArgs): MLSTMCell {
  return makeCell('mLSTMCell', MLSTMCell, args, ARGUMENTS);
}

import * as tf from '@tensorflow/tfjs';
import { splitByGate } from '../core/gates.js';
import { aNumber, oneOf, required } from '../core/options.js';
import { GATE_NAMES } from '../core/quantities.js';
import type { LSTMStep, States } from '../core/step.js';
import { type DropCandidate, type GateDropoutMasks, keepCandidate, weightedSum } from '../core/weighted-sum.js';
import { blocksOf, type WeightFacts, weightsFor } from '../core/weights.js';
import type { Initializer } from '../host/types.js';
import type { LSTMCellArgs, VariantArguments } from '../layers/arguments.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import { makeCell, PAPER_DEFAULTS } from './make-cell.js';

/** What is added to a variance, by the convention of the name: of Ba et al., TensorFlow Addons and haste. */
const EPSILONS = { ba: 1e-5, addons: 1e-3, haste: 1e-5 } as const;

/** Whose layer normalisation a cell computes. */
export type LayerNormConvention = keyof typeof EPSILONS;

/**
 * The arguments of `layerNormCell`: those of `lstmCell`, and the ones below. `recurrentActivation` is by default 'sigmoid',
 * `kernelInitializer` 'glorotUniform'.
 */
export interface LayerNormCellArgs extends LSTMCellArgs {
  /** What is normalised, and shifted; must be given, since all three are in use. */
  convention: LayerNormConvention;
  /** What is added to a variance. Default: 1e-5, and 1e-3 of 'addons'. */
  epsilon?: number;
  /** Of the scales. Default: 'ones'. */
  gammaInitializer?: LSTMCellArgs['kernelInitializer'];
  /** Of the shifts. Default: 'zeros'. */
  betaInitializer?: LSTMCellArgs['kernelInitializer'];
}

const ARGUMENTS = {
  ...PAPER_DEFAULTS,
  convention: { type: required(oneOf('ba', 'addons', 'haste')), default: undefined },
  epsilon: { type: aNumber('a positive number', (value) => value > 0 && value < Infinity), default: null },
  gammaInitializer: { type: 'initializer', default: 'ones' },
  betaInitializer: { type: 'initializer', default: 'zeros' },
} as const satisfies VariantArguments;

interface Own {
  convention: LayerNormConvention;
  epsilon: number | null;
  gammaInitializer: Initializer;
  betaInitializer: Initializer;
}

/**
 * The LSTM with layer normalisation, N(z) = γ ⊙ (z - mean) / √(variance + ε) + β, each with γ and β of its own. Mean and
 * variance are those of all 4U pre-activations of a sample, or of its U cell states.
 *
 *     z  = N(x·W) + N(h·U) + b           haste: no β here
 *     i, f, g, o = σ(z_i), σ(z_f), φ(z_g), σ(z_o)
 *     c' = f ⊙ c + i ⊙ g
 *     h' = o ⊙ φ(N(c'))                  addons: N(c') is also what is handed on as c'
 *
 * @category Cells
 */
export class LayerNormCell extends LSTMCell<LSTMStep, Own> {
  static override readonly className: string = 'ExplicitLayerNormCell';
  kernelGamma!: tf.LayerVariable;
  recurrentGamma!: tf.LayerVariable;
  stateGamma!: tf.LayerVariable;
  stateBeta!: tf.LayerVariable;
  /** Null of 'haste'. */
  kernelBeta: tf.LayerVariable | null = null;
  recurrentBeta: tf.LayerVariable | null = null;

  /** @throws RangeError for an argument that breaks its rule; see `LayerNormCellArgs`. */
  constructor(args: LayerNormCellArgs) {
    super(args, 'layerNormCell', ARGUMENTS);
  }

  override get weightFacts(): readonly WeightFacts[] {
    const shiftsProducts = this.own.convention !== 'haste';
    return [
      ...weightsFor(this),
      ofProducts('kernelGamma', 'kernel_gamma', 'scale of the input', 'gamma'),
      ...(shiftsProducts ? [ofProducts('kernelBeta', 'kernel_beta', 'shift of the input', 'beta')] : []),
      ofProducts('recurrentGamma', 'recurrent_gamma', 'scale of the hidden state', 'gamma'),
      ...(shiftsProducts ? [ofProducts('recurrentBeta', 'recurrent_beta', 'shift of the hidden state', 'beta')] : []),
      ofCellState('stateGamma', 'state_gamma', 'scale of the cell state', 'gamma'),
      ofCellState('stateBeta', 'state_beta', 'shift of the cell state', 'beta'),
    ];
  }

  override projectInput(x: tf.Tensor2D, dropoutMasks: GateDropoutMasks): tf.Tensor2D {
    const product = weightedSum(x, this.kernel.read() as tf.Tensor2D, dropoutMasks);
    const normalised = this.normalise(product, this.kernelGamma, this.kernelBeta);
    return this.bias === null ? normalised : tf.add(normalised, this.bias.read());
  }

  override stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    states: States,
    recurrentDropoutMasks: GateDropoutMasks,
    dropCandidate: DropCandidate = keepCandidate,
  ): LSTMStep {
    const [h, c] = states as readonly [tf.Tensor2D, tf.Tensor2D];
    const product = weightedSum(h, this.recurrentKernel.read() as tf.Tensor2D, recurrentDropoutMasks);
    const recurrent = this.normalise(product, this.recurrentGamma, this.recurrentBeta);
    const z = splitByGate(tf.add<tf.Tensor2D>(projectedInput, recurrent));
    const σ = (value: tf.Tensor2D) => this.recurrentActivation.apply(value) as tf.Tensor2D;
    const φ = (value: tf.Tensor2D) => this.activation.apply(value) as tf.Tensor2D;
    const i = σ(z.i);
    const f = σ(z.f);
    const g = dropCandidate(φ(z.g));
    const o = σ(z.o);
    const newC = tf.add<tf.Tensor2D>(tf.mul(f, c), tf.mul(i, g));
    const normalised = this.normalise(newC, this.stateGamma, this.stateBeta);
    return { i, f, g, o, c: this.own.convention === 'addons' ? normalised : newC, h: tf.mul(o, φ(normalised)) };
  }

  private normalise(z: tf.Tensor2D, gamma: tf.LayerVariable, beta: tf.LayerVariable | null): tf.Tensor2D {
    const { mean, variance } = tf.moments(z, -1, true);
    const epsilon = this.own.epsilon ?? EPSILONS[this.own.convention];
    const scaled = tf.mul(tf.div(tf.sub(z, mean), tf.sqrt(tf.add(variance, epsilon))), gamma.read()) as tf.Tensor2D;
    return beta === null ? scaled : tf.add(scaled, beta.read());
  }
}
tf.serialization.registerClass(LayerNormCell);

function ofProducts(property: string, storedName: string, title: string, argument: string): WeightFacts {
  return {
    ...ofCellState(property, storedName, title, argument),
    shape: (_features, units) => [GATE_NAMES.length * units],
    blocks: (units) => blocksOf(GATE_NAMES, units),
  };
}

function ofCellState(property: string, storedName: string, title: string, argument: string): WeightFacts {
  return {
    property,
    storedName,
    title,
    argument,
    flag: null,
    row: null,
    shape: (_features, units) => [units],
    blocks: () => null,
  };
}

/**
 * Makes a cell with the layer normalisation of Ba, Kiros and Hinton 2016, "Layer Normalization" (`convention: 'ba'`), of
 * TensorFlow Addons' `LayerNormLSTMCell` (`'addons'`), or of haste's `LayerNormLSTM` (`'haste'`). They differ, and weights
 * of one mean something else to another.
 *
 * ```ts
 * const layer = lstm({ cell: layerNormCell({ units: 64, convention: 'ba' }), returnSequences: true });
 * ```
 *
 * Weights: kernel [D, 4U], recurrent_kernel [U, 4U], bias [4U]; kernel_gamma, kernel_beta, recurrent_gamma, recurrent_beta
 * [4U]; state_gamma, state_beta [U]; of 'haste' without kernel_beta and recurrent_beta. Blocks i, f, g, o.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Cells
 */
export function layerNormCell(args: LayerNormCellArgs): LayerNormCell {
  return makeCell('layerNormCell', LayerNormCell, args, ARGUMENTS);
}

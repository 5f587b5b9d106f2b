import * as tf from '@tensorflow/tfjs';
import { splitBlocks } from '../core/gates.js';
import { oneOf } from '../core/options.js';
import { GATE_NAMES } from '../core/quantities.js';
import type { CellStep, States } from '../core/step.js';
import { type DropCandidate, type GateDropoutMasks, keepCandidate, weightedSum } from '../core/weighted-sum.js';
import { blocksOf, lstmWeightsOf, type WeightFacts } from '../core/weights.js';
import type { Initializer } from '../host/types.js';
import type { LSTMCellArgs, VariantArguments } from '../layers/arguments.js';
import { LSTMCell } from '../layers/lstm-cell.js';
import type { FusedEquations } from '../sequence/sequence.js';
import { fusedEquationsOf, hasStepsOf } from './fused-equations.js';
import { makeCell, PAPER_DEFAULTS } from './make-cell.js';

const VARIANTS = ['V', 'NIG', 'NFG', 'NOG', 'NIAF', 'NOAF', 'NP', 'CIFG', 'FGR'] as const;

/** A variant by the name that Greff et al. give it. */
export type GreffVariant = (typeof VARIANTS)[number];

/**
 * The arguments of `greffCell`: those of `lstmCell`, and the ones below. `recurrentActivation` is by default 'sigmoid',
 * `kernelInitializer` 'glorotUniform'.
 */
export interface GreffCellArgs extends LSTMCellArgs {
  /** What is changed of the vanilla LSTM, 'V'. Default: 'V'. */
  variant?: GreffVariant;
  /** Default: 'zeros', so that the cell starts as one without peepholes. */
  peepholeInitializer?: LSTMCellArgs['kernelInitializer'];
  /** Of what the gates of the previous step contribute to those of the next. Default: 'orthogonal'. */
  gateRecurrentInitializer?: LSTMCellArgs['kernelInitializer'];
}

const ARGUMENTS = {
  ...PAPER_DEFAULTS,
  variant: { type: oneOf(...VARIANTS), default: 'V' },
  peepholeInitializer: { type: 'initializer', default: 'zeros' },
  gateRecurrentInitializer: { type: 'initializer', default: 'orthogonal' },
} as const satisfies VariantArguments;

interface Own {
  variant: GreffVariant;
  peepholeInitializer: Initializer;
  gateRecurrentInitializer: Initializer;
}

/** Gate and candidate blocks, where some are missing. */
const GATES_OF: Partial<Record<GreffVariant, readonly string[]>> = {
  NIG: ['f', 'g', 'o'],
  NFG: ['i', 'g', 'o'],
  NOG: ['i', 'f', 'g'],
  CIFG: ['i', 'g', 'o'],
};

/** The gates that the next step of 'FGR' sees. */
const RECURRENT_GATES = ['i', 'f', 'o'] as const;

/**
 * The vanilla LSTM, with peepholes, and eight ways to change one thing about it:
 *
 *     i  = σ(x·W_i + h·U_i + b_i + p_i ⊙ c)      NIG: i = 1
 *     f  = σ(x·W_f + h·U_f + b_f + p_f ⊙ c)      NFG: f = 1       CIFG: f = 1 - i
 *     g  = φ(x·W_g + h·U_g + b_g)                NIAF: without φ
 *     c' = f ⊙ c + i ⊙ g
 *     o  = σ(x·W_o + h·U_o + b_o + p_o ⊙ c')     NOG: o = 1
 *     h' = o ⊙ φ(c')                             NOAF: h' = o ⊙ c'
 *
 * NP: without p. FGR: each gate also sees the gates of the step before, by [i, f, o]·R; i, f and o are then states too.
 * A gate that is constant or follows from another is none of `gateNames`, and has no weights.
 *
 * @category Cells
 */
export class GreffCell extends LSTMCell<CellStep, Own> {
  static override readonly className: string = 'ExplicitGreffCell';
  /** Null of 'NP'. */
  peepholeKernel: tf.LayerVariable | null = null;
  /** R; null but of 'FGR'. */
  gateRecurrentKernel: tf.LayerVariable | null = null;

  /** @throws RangeError for an argument that breaks its rule; see `GreffCellArgs`. */
  constructor(args: GreffCellArgs) {
    super(withKeptCase(args), 'greffCell', ARGUMENTS);
  }

  override get gateNames(): readonly string[] {
    return GATES_OF[this.own.variant] ?? GATE_NAMES;
  }

  override get stateNames(): readonly string[] {
    return this.own.variant === 'FGR' ? ['h', 'c', ...RECURRENT_GATES] : ['h', 'c'];
  }

  override get weightFacts(): readonly WeightFacts[] {
    const facts = lstmWeightsOf(this, this.gateNames, this.units);
    const gates = this.gatesWithPeepholes;
    if (gates.length > 0) {
      facts.push({
        property: 'peepholeKernel',
        storedName: 'peephole_kernel',
        title: 'peepholes',
        argument: 'peephole',
        flag: null,
        row: null,
        shape: (_features, units) => [gates.length * units],
        blocks: (units) => blocksOf(gates, units),
      });
    }
    if (this.own.variant === 'FGR') {
      facts.push({
        property: 'gateRecurrentKernel',
        storedName: 'gate_recurrent_kernel',
        title: 'gate recurrent kernel',
        argument: 'gateRecurrent',
        flag: null,
        row: null,
        shape: (_features, units) => [RECURRENT_GATES.length * units, RECURRENT_GATES.length * units],
        blocks: (units) => blocksOf(RECURRENT_GATES, units),
      });
    }
    return facts;
  }

  override stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    [h, c, ...gatesBefore]: States,
    recurrentDropoutMasks: GateDropoutMasks,
    dropCandidate: DropCandidate = keepCandidate,
  ): CellStep {
    const { variant } = this.own;
    const recurrent = weightedSum(h as tf.Tensor2D, this.recurrentKernel.read() as tf.Tensor2D, recurrentDropoutMasks);
    const sums = splitBlocks(tf.add(projectedInput, recurrent) as tf.Tensor2D, blocksOf(this.gateNames, this.units));
    const peepholes = this.peepholesByGate();
    const earlier = this.fromGatesBefore(gatesBefore);
    const σ = (value: tf.Tensor2D) => this.recurrentActivation.apply(value) as tf.Tensor2D;
    const φ = (value: tf.Tensor2D) => this.activation.apply(value) as tf.Tensor2D;
    const gate = (name: string, seen: tf.Tensor2D) => {
      const terms = [sums[name] as tf.Tensor2D];
      const peephole = peepholes[name];
      if (peephole !== undefined) terms.push(tf.mul(peephole, seen));
      const ofGates = earlier[name];
      if (ofGates !== undefined) terms.push(ofGates);
      return σ(tf.addN(terms));
    };
    const step: Record<string, tf.Tensor2D> = {};
    const before = c as tf.Tensor2D;
    const z = sums.g as tf.Tensor2D;
    const g = dropCandidate(variant === 'NIAF' ? z : φ(z));
    step.g = g;
    if (variant !== 'NIG') step.i = gate('i', before);
    if (variant !== 'NFG' && variant !== 'CIFG') step.f = gate('f', before);
    const f = variant === 'CIFG' ? tf.sub<tf.Tensor2D>(1, step.i as tf.Tensor2D) : step.f;
    const kept = f === undefined ? before : tf.mul<tf.Tensor2D>(f, before);
    const added = step.i === undefined ? g : tf.mul<tf.Tensor2D>(step.i, g);
    const newC = tf.add<tf.Tensor2D>(kept, added);
    step.c = newC;
    if (variant !== 'NOG') step.o = gate('o', newC);
    const shown = variant === 'NOAF' ? newC : φ(newC);
    step.h = step.o === undefined ? shown : tf.mul(step.o, shown);
    return step;
  }

  /** Of those that differ from the plain LSTM by peepholes or coupling alone; none for a derived class with steps of its own. */
  get fusedEquations(): FusedEquations | null {
    const { variant } = this.own;
    const isKnown = variant === 'V' || variant === 'NP' || variant === 'CIFG';
    if (!isKnown || !hasStepsOf(this, GreffCell.prototype)) return null;
    return fusedEquationsOf(this, { hasPeepholes: variant !== 'NP', isCoupled: variant === 'CIFG' });
  }

  private get gatesWithPeepholes(): string[] {
    return this.own.variant === 'NP' ? [] : this.gateNames.filter((name) => name !== 'g');
  }

  private peepholesByGate(): Record<string, tf.Tensor1D> {
    if (this.peepholeKernel === null) return {};
    return splitBlocks(this.peepholeKernel.read() as tf.Tensor1D, blocksOf(this.gatesWithPeepholes, this.units));
  }

  /** [i, f, o]·R, by gate. */
  private fromGatesBefore(gates: States): Record<string, tf.Tensor2D> {
    if (this.gateRecurrentKernel === null) return {};
    const products = tf.matMul(tf.concat([...gates], 1), this.gateRecurrentKernel.read() as tf.Tensor2D);
    return splitBlocks(products as tf.Tensor2D, blocksOf(RECURRENT_GATES, this.units));
  }
}
tf.serialization.registerClass(GreffCell);

/** tfjs saves every string of a config in lower case. */
function withKeptCase(args: GreffCellArgs): GreffCellArgs {
  if (typeof args?.variant !== 'string') return args;
  return { ...args, variant: args.variant.toUpperCase() as GreffVariant };
}

/**
 * Makes a cell of Greff, Srivastava, Koutník, Steunebrink and Schmidhuber 2017, "LSTM: A Search Space Odyssey": the vanilla
 * LSTM ('V') or one without input gate ('NIG'), forget gate ('NFG'), output gate ('NOG'), input activation function
 * ('NIAF'), output activation function ('NOAF') or peepholes ('NP'), with coupled input and forget gate ('CIFG'), or with
 * full gate recurrence ('FGR').
 *
 * ```ts
 * const layer = lstm({ cell: greffCell({ units: 64, variant: 'CIFG' }), returnSequences: true });
 * ```
 *
 * Weights: kernel [D, 4U], recurrent_kernel [U, 4U], bias [4U] in blocks i, f, g, o; peephole_kernel [3U] in blocks i, f, o;
 * of 'FGR' gate_recurrent_kernel [3U, 3U], rows and blocks i, f, o. Blocks of a gate that is not there are left out.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Cells
 */
export function greffCell(args: GreffCellArgs): GreffCell {
  return makeCell('greffCell', GreffCell, args, ARGUMENTS);
}

import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { splitBlocks } from '../core/gates.js';
import { A_BOOLEAN, A_FINITE_NUMBER, A_POSITIVE_INTEGER, aNumber } from '../core/options.js';
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

/**
 * The arguments of `peepholeCell`: those of `lstmCell`, and the ones below. `recurrentActivation` is by default 'sigmoid',
 * `kernelInitializer` 'glorotUniform'.
 */
export interface PeepholeCellArgs extends LSTMCellArgs {
  /** Whether the gates see the cell state. Default: true. */
  peepholes?: boolean;
  /** Couples the input and the forget gate: f = 1 - i, without weights of its own. Default: false. */
  coupled?: boolean;
  /** Bounds the new cell state to [-cellClip, cellClip], as TF1 does. Default: no bound. */
  cellClip?: number;
  /** Bounds what goes into each activation to [-gateClip, gateClip], as ONNX's `clip` does. Default: no bound. */
  gateClip?: number;
  /** P, the width of h, which is then a projection of what the units put out. Default: no projection. */
  projectionUnits?: number;
  /** Bounds the projection to [-projectionClip, projectionClip]. Default: no bound. */
  projectionClip?: number;
  /** What is added to the forget gate's pre-activation when the cell runs, and not stored. Default: 0. */
  forgetBias?: number;
  /** Default: 'zeros', so that the cell starts as one without peepholes. */
  peepholeInitializer?: LSTMCellArgs['kernelInitializer'];
  /** Default: 'glorotUniform'. */
  projectionInitializer?: LSTMCellArgs['kernelInitializer'];
}

const A_BOUND = aNumber('a positive number', (value) => value > 0);

const ARGUMENTS = {
  ...PAPER_DEFAULTS,
  peepholes: { type: A_BOOLEAN, default: true },
  coupled: { type: A_BOOLEAN, default: false },
  cellClip: { type: A_BOUND, default: null },
  gateClip: { type: A_BOUND, default: null },
  projectionUnits: { type: A_POSITIVE_INTEGER, default: null },
  projectionClip: { type: A_BOUND, default: null },
  forgetBias: { type: A_FINITE_NUMBER, default: 0 },
  peepholeInitializer: { type: 'initializer', default: 'zeros' },
  projectionInitializer: { type: 'initializer', default: 'glorotUniform' },
} as const satisfies VariantArguments;

interface Own {
  peepholes: boolean;
  coupled: boolean;
  cellClip: number | null;
  gateClip: number | null;
  projectionUnits: number | null;
  projectionClip: number | null;
  forgetBias: number;
  peepholeInitializer: Initializer;
  projectionInitializer: Initializer;
}

/**
 * The LSTM with peepholes, a coupled input gate, clips and a projection, each of which may be there or not:
 *
 *     i  = σ(x·W_i + h·U_i + b_i + p_i ⊙ c)
 *     f  = σ(x·W_f + h·U_f + b_f + p_f ⊙ c + forgetBias)      coupled: f = 1 - i
 *     g  = φ(x·W_g + h·U_g + b_g)
 *     c' = clip(f ⊙ c + i ⊙ g, cellClip)
 *     o  = σ(x·W_o + h·U_o + b_o + p_o ⊙ c')
 *     h' = clip((o ⊙ φ(c'))·P, projectionClip)
 *
 * With `gateClip` what stands within σ( ) and φ( ) of the gates is bounded first.
 *
 * @category Cells
 */
export class PeepholeCell extends LSTMCell<CellStep, Own> {
  static override readonly className: string = 'ExplicitPeepholeCell';
  peepholeKernel: tf.LayerVariable | null = null;
  projectionKernel: tf.LayerVariable | null = null;

  /** @throws RangeError for an argument that breaks its rule; see `PeepholeCellArgs`. */
  constructor(args: PeepholeCellArgs) {
    super(args, 'peepholeCell', ARGUMENTS);
    const { projectionUnits, projectionClip } = this.own;
    if (projectionClip === null || projectionUnits !== null) return;
    throw invalidArgument('peepholeCell', 'projectionClip must come with projectionUnits', projectionClip);
  }

  override get gateNames(): readonly string[] {
    return this.own.coupled ? ['i', 'g', 'o'] : GATE_NAMES;
  }

  override widthOf(name: string): number {
    return name === 'h' ? (this.own.projectionUnits ?? this.units) : this.units;
  }

  override get weightFacts(): readonly WeightFacts[] {
    const { coupled, peepholes, projectionUnits } = this.own;
    const facts = lstmWeightsOf(this, this.gateNames, this.widthOf('h'));
    if (peepholes) {
      const gates = coupled ? ['i', 'o'] : ['i', 'f', 'o'];
      facts.push({
        property: 'peepholeKernel',
        storedName: 'peephole_kernel',
        title: 'peepholes',
        argument: 'peephole',
        flag: null,
        row: null,
        shape: () => [gates.length * this.units],
        blocks: (units) => blocksOf(gates, units),
      });
    }
    if (projectionUnits !== null) {
      facts.push({
        property: 'projectionKernel',
        storedName: 'projection_kernel',
        title: 'projection',
        argument: 'projection',
        flag: null,
        row: 'unit',
        shape: () => [this.units, projectionUnits],
        blocks: () => null,
      });
    }
    return facts;
  }

  override stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    states: States,
    recurrentDropoutMasks: GateDropoutMasks,
    dropCandidate: DropCandidate = keepCandidate,
  ): CellStep {
    const { coupled, cellClip, gateClip, projectionClip, forgetBias } = this.own;
    const [h, c] = states as readonly [tf.Tensor2D, tf.Tensor2D];
    const recurrent = weightedSum(h, this.recurrentKernel.read() as tf.Tensor2D, recurrentDropoutMasks);
    const z = splitBlocks(tf.add(projectedInput, recurrent) as tf.Tensor2D, blocksOf(this.gateNames, this.units));
    const peephole = this.peepholesByGate();
    const preActivation = (gate: string, seen: tf.Tensor2D) => {
      const weight = peephole[gate];
      const sum = z[gate] as tf.Tensor2D;
      return clipped(weight === undefined ? sum : tf.add(sum, tf.mul(weight, seen)), gateClip);
    };
    const σ = (value: tf.Tensor2D) => this.recurrentActivation.apply(value) as tf.Tensor2D;
    const φ = (value: tf.Tensor2D) => this.activation.apply(value) as tf.Tensor2D;
    if (z.f !== undefined && forgetBias !== 0) z.f = tf.add(z.f, forgetBias);
    const i = σ(preActivation('i', c));
    const f = coupled ? tf.sub<tf.Tensor2D>(1, i) : σ(preActivation('f', c));
    const g = dropCandidate(φ(preActivation('g', c)));
    const newC = clipped(tf.add<tf.Tensor2D>(tf.mul(f, c), tf.mul(i, g)), cellClip);
    const o = σ(preActivation('o', newC));
    const units = tf.mul<tf.Tensor2D>(o, φ(newC));
    const newH =
      this.projectionKernel === null
        ? units
        : clipped(tf.matMul(units, this.projectionKernel.read() as tf.Tensor2D), projectionClip);
    return coupled ? { i, g, o, c: newC, h: newH } : { i, f, g, o, c: newC, h: newH };
  }

  /** None for a derived class with steps of its own. */
  get fusedEquations(): FusedEquations | null {
    if (!hasStepsOf(this, PeepholeCell.prototype)) return null;
    const { peepholes, coupled, cellClip, gateClip, projectionUnits, projectionClip, forgetBias } = this.own;
    return fusedEquationsOf(this, {
      hasPeepholes: peepholes,
      isCoupled: coupled,
      hasProjection: projectionUnits !== null,
      gateClip,
      cellClip,
      projectionClip,
      forgetBias,
    });
  }

  private peepholesByGate(): Record<string, tf.Tensor1D> {
    if (this.peepholeKernel === null) return {};
    const gates = this.own.coupled ? ['i', 'o'] : ['i', 'f', 'o'];
    return splitBlocks(this.peepholeKernel.read() as tf.Tensor1D, blocksOf(gates, this.units));
  }
}
tf.serialization.registerClass(PeepholeCell);

function clipped(value: tf.Tensor2D, bound: number | null): tf.Tensor2D {
  return bound === null ? value : tf.clipByValue(value, -bound, bound);
}

/**
 * Makes the cell of Gers and Schmidhuber 2000, "Recurrent Nets that Time and Count", whose gates see the cell state; with
 * the projection of Sak, Senior and Beaufays 2014, "Long Short-Term Memory Recurrent Neural Network Architectures for Large
 * Scale Acoustic Modeling"; and what TF1's `LSTMCell` and ONNX's `LSTM` compute.
 *
 * ```ts
 * const layer = lstm({ cell: peepholeCell({ units: 64, cellClip: 3 }), returnSequences: true });
 * ```
 *
 * Weights: kernel [D, 4U], recurrent_kernel [P, 4U], bias [4U] in blocks i, f, g, o; peephole_kernel [3U] in blocks i, f, o;
 * projection_kernel [U, P]. Coupled, the blocks of f are left out.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Cells
 */
export function peepholeCell(args: PeepholeCellArgs): PeepholeCell {
  return makeCell('peepholeCell', PeepholeCell, args, ARGUMENTS);
}

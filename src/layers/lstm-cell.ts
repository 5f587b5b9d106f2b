import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { GATE_NAMES } from '../core/gates.js';
import { type ActivationFunction, type LSTMStep, lstmStep, type StepActivations } from '../core/step.js';
import { tidy } from '../core/tidy.js';
import { type GateMasks, weightedSum } from '../core/weighted-sum.js';
import { keepConstraint } from '../host/constrained-weight.js';
import type { BuiltInCell, ConfigDict, Initializer, Kwargs } from '../host/types.js';
import { copyArguments, type LSTMCellArgs, type OwnArguments, ownArguments, savedArguments } from './arguments.js';
import { LSTM_CELL_BRAND } from './brand.js';
import { type DropoutFunction, type DropoutMasks, drawDropoutMasks, dropoutFunction, NO_DROPOUT } from './dropout.js';
import { unitForgetBiasInitializer } from './forget-bias.js';
import { SequenceDropout } from './sequence-dropout.js';
import { validateCellArguments } from './validate-arguments.js';
import { requireStepInputs, requireWeights } from './validate-call.js';

type Shape = tf.Shape;

/** From what a step computed and the h and c before it to what the step is to have computed; `t` as in the input. */
export type StepEdit = (computed: LSTMStep, states: readonly [tf.Tensor2D, tf.Tensor2D], t: number) => LSTMStep;

/**
 * One timestep of an LSTM, with explicit gates.
 *
 *     i  = σ(x·W_i + h·U_i + b_i)      input gate
 *     f  = σ(x·W_f + h·U_f + b_f)      forget gate
 *     g  = φ(x·W_g + h·U_g + b_g)      candidate
 *     o  = σ(x·W_o + h·U_o + b_o)      output gate
 *     c' = f ⊙ c + i ⊙ g               cell state
 *     h' = o ⊙ φ(c')                   hidden state
 *
 * σ is `recurrentActivation`, φ is `activation`. Weights are `kernel` [D, 4U], `recurrent_kernel` [U, 4U] and `bias`
 * [4U], in blocks i, f, g, o. It takes `tf.layers.lstmCell`'s place in `tf.layers.rnn` and in stacked cells.
 *
 * ```ts
 * const layer = tf.layers.rnn({ cell: new LSTMCell({ units: 8 }), returnSequences: true });
 * ```
 */
export class LSTMCell extends tf.layers.RNNCell {
  static readonly className: string = 'ExplicitLSTMCell';
  readonly [LSTM_CELL_BRAND] = true;

  readonly stateSize: number[];
  readonly units: number;
  readonly seed: number | undefined;
  kernel!: tf.LayerVariable;
  recurrentKernel!: tf.LayerVariable;
  /** Null without bias. */
  bias: tf.LayerVariable | null = null;
  /** Replaces what a step of a layer computes, while somebody edits its gates. A cell of tfjs has it in the meantime. */
  stepEdit: StepEdit | null = null;

  /** tfjs's own cell, which is never built: it parses and serializes the arguments the two have in common. */
  private readonly parsed: BuiltInCell;
  /** What `getConfig` saves of the arguments that the built-in does not have. */
  private readonly own: OwnArguments<'cell'>;
  private readonly drawMask: DropoutFunction;
  private readonly sequenceDropout = new SequenceDropout();

  /** @throws RangeError for an argument that breaks its rule; see `LSTMCellArgs`. */
  constructor(callersArgs: LSTMCellArgs) {
    const args = copyArguments(callersArgs);
    validateCellArguments('LSTMCell', args);
    super(args);
    this.parsed = tf.layers.lstmCell({ ...args, name: this.name } as tf.LSTMCellLayerArgs);
    this.units = args.units;
    this.stateSize = [args.units, args.units];
    this.own = ownArguments('cell', args);
    this.seed = this.own.seed ?? undefined;
    this.drawMask = (args.dropoutFunc as DropoutFunction | undefined) ?? dropoutFunction(this.seed);
  }

  get activation() {
    return this.parsed.activation;
  }
  get recurrentActivation() {
    return this.parsed.recurrentActivation;
  }
  get useBias(): boolean {
    return this.parsed.useBias;
  }
  get dropout(): number {
    return this.parsed.dropout;
  }
  get recurrentDropout(): number {
    return this.parsed.recurrentDropout;
  }
  get dropoutFunc() {
    return this.parsed.dropoutFunc;
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = (Array.isArray(inputShape?.[0]) ? inputShape[0] : inputShape) as Shape;
    const features = Array.isArray(shape) ? shape[shape.length - 1] : null;
    if (!Number.isSafeInteger(features) || (features as number) < 1) {
      const rule = 'the last dimension of the input must be a positive integer';
      throw invalidArgument('LSTMCell.build', rule, shape, { layer: this.name });
    }
    const { parsed, units } = this;
    const blocks = GATE_NAMES.length * units;
    const weight = (name: string, shape: number[], initializer: Initializer, of: 'kernel' | 'recurrent' | 'bias') => {
      const [regularizer, constraint] = [parsed[`${of}Regularizer`], parsed[`${of}Constraint`]];
      return keepConstraint(this.addWeight(name, shape, undefined, initializer, regularizer, true, constraint));
    };
    this.kernel = weight('kernel', [features as number, blocks], parsed.kernelInitializer, 'kernel');
    this.recurrentKernel = weight('recurrent_kernel', [units, blocks], parsed.recurrentInitializer, 'recurrent');
    if (parsed.useBias) {
      const initializer = parsed.unitForgetBias
        ? unitForgetBiasInitializer(parsed.biasInitializer, units)
        : parsed.biasInitializer;
      this.bias = weight('bias', [blocks], initializer, 'bias');
    }
    this.built = true;
  }

  /**
   * Computes one timestep and shows all of it. Without dropout; differentiable.
   *
   * ```ts
   * const cell = lstmCell({ units: 2 });
   * cell.build([null, 3]);
   * const { i, f, g, o, c, h } = cell.step(tf.ones([4, 3]), [tf.zeros([4, 2]), tf.zeros([4, 2])]);
   * ```
   *
   * @param x The input, `[B, D]`.
   * @param states The hidden state h and the cell state c before the step, each `[B, U]`.
   * @returns Gates, cell state and hidden state, each `[B, U]`; the caller disposes them.
   * @throws RangeError when the cell is not built or a shape is wrong.
   */
  step(x: tf.Tensor2D, states: readonly [tf.Tensor2D, tf.Tensor2D]): LSTMStep {
    requireStepInputs('LSTMCell.step', this, x, states);
    return tidy(() => this.stepWithDropout(x, states, NO_DROPOUT));
  }

  /**
   * tfjs's cell protocol, which `tf.layers.rnn` calls at every timestep.
   *
   * @param inputs `[x, h, c]`: `[B, D]`, `[B, U]`, `[B, U]`.
   * @param kwargs `training`: with true, dropout is at work. One object stands for one sequence.
   * @returns `[h', h', c']`, each `[B, U]`.
   */
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs = {}): tf.Tensor[] {
    if (!Array.isArray(inputs) || inputs.length !== 3) {
      throw invalidArgument('LSTMCell.call', 'the inputs must be [x, h, c]', inputs, { layer: this.name });
    }
    const [x, h, c] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    requireStepInputs('LSTMCell.call', this, x, [h, c]);
    return tidy(() => {
      const masks = kwargs.training
        ? this.sequenceDropout.masksFor(kwargs, x.shape[0], () => this.drawDropoutMasks(x.shape[0]))
        : NO_DROPOUT;
      const step = this.stepWithDropout(x, [h, c], masks);
      return [step.h, step.h, step.c];
    });
  }

  /** Draws the dropout masks of one sequence: `[B, D]` and `[B, U]`. */
  drawDropoutMasks(batch: number): DropoutMasks {
    const [features] = this.kernel.shape as [number, number];
    return drawDropoutMasks(this, this.drawMask, [batch, features], [batch, this.units]);
  }

  /**
   * What the input contributes to the pre-activations, x·W + b.
   *
   * @param x `[N, D]`.
   * @param masks Dropout masks that broadcast to `x`.
   * @returns `[N, 4U]`.
   */
  projectInput(x: tf.Tensor2D, masks: GateMasks): tf.Tensor2D {
    const projected = weightedSum(x, this.kernel.read() as tf.Tensor2D, masks);
    return this.bias === null ? projected : tf.add(projected, this.bias.read());
  }

  /** One timestep from what the input contributes to the pre-activations, `[B, 4U]`. */
  stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    [h, c]: readonly [tf.Tensor2D, tf.Tensor2D],
    recurrentMasks: GateMasks,
  ): LSTMStep {
    const recurrent = weightedSum(h, this.recurrentKernel.read() as tf.Tensor2D, recurrentMasks);
    return lstmStep(tf.add(projectedInput, recurrent), c, this.stepActivations());
  }

  /** @throws RangeError for a weight of another shape than the cell's. */
  override setWeights(weights: tf.Tensor[]): void {
    requireWeights('LSTMCell.setWeights', this, weights);
    super.setWeights(weights);
  }

  override getConfig(): ConfigDict {
    const { name: _name, trainable: _trainable, ...common } = this.parsed.getConfig();
    return { ...super.getConfig(), ...common, ...savedArguments(this.own) };
  }

  private stepWithDropout(x: tf.Tensor2D, states: readonly [tf.Tensor2D, tf.Tensor2D], masks: DropoutMasks): LSTMStep {
    return this.stepFromProjectedInput(this.projectInput(x, masks.input), states, masks.recurrent);
  }

  private stepActivations(): StepActivations {
    const { activation, recurrentActivation } = this;
    return {
      activation: ((x) => activation.apply(x)) as ActivationFunction,
      recurrentActivation: ((x) => recurrentActivation.apply(x)) as ActivationFunction,
    };
  }
}
tf.serialization.registerClass(LSTMCell);

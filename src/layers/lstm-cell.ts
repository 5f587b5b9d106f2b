import * as tf from '@tensorflow/tfjs';
import { requireUsable, shapeOf } from '../core/check-tensor.js';
import { invalidArgument, invalidState } from '../core/errors.js';
import { GATE_NAMES } from '../core/gates.js';
import {
  activationOfGate,
  type CellStep,
  type LSTMStep,
  projectInput,
  type States,
  stepFromProjectedInput,
} from '../core/step.js';
import { tidy } from '../core/tidy.js';
import { type DropCandidate, type DropoutMasks, type GateDropoutMasks, NO_DROPOUT } from '../core/weighted-sum.js';
import { type Block, type WeightFacts, weightsFor } from '../core/weights.js';
import { keepConstraint } from '../host/constrained-weight.js';
import { type Parsed, parseIdentifier, type Role } from '../host/parse-identifier.js';
import { adoptScopedName } from '../host/scoped-name.js';
import type { Activation, BuiltInCell, ConfigDict, Initializer, Kwargs } from '../host/types.js';
import { stepOnFusedKernel } from '../sequence/fused-step.js';
import { showStep } from '../sequence/observe.js';
import { checkCallArguments, requireStates } from '../sequence/read-call.js';
import type { OwnEquations, SequenceCell } from '../sequence/sequence.js';
import { stepCell } from '../sequence/step-cell.js';
import {
  copyArguments,
  type LSTMCellArgs,
  type OwnArguments,
  ownArguments,
  savedArguments,
  type VariantArguments,
  withVariantDefaults,
} from './arguments.js';
import { LSTM_CELL_BRAND } from './brand.js';
import { isDisposedWeight, requireWeights } from './check-weights.js';
import { type DropoutFunction, drawDropoutMasks, dropoutFunction, stepMasksDrawer } from './dropout.js';
import { SequenceDropout } from './sequence-dropout.js';
import { validateCellArguments } from './validate-arguments.js';

type Shape = tf.Shape;

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
 * [4U], in blocks i, f, g, o. It replaces `tf.layers.lstmCell` in `tf.layers.rnn` and in stacked cells.
 *
 * ```ts
 * const layer = tf.layers.rnn({ cell: new LSTMCell({ units: 8 }), returnSequences: true });
 * ```
 *
 * With `candidateDropout` g is dropped out in training; with `zoneout` and `zoneoutCell`, h and c keep some of their
 * previous values.
 *
 * A derived class may compute its steps differently: by overriding `step` or, if its gates have pre-activations,
 * `projectInput` or `stepFromProjectedInput`. Everything that runs the cell then uses these, with zoneout around them. It may also have other gates,
 * states and weights: it then overrides `gateNames`, `stateNames`, `widthOf` and `weightFacts`. The constructor reads
 * these, so they must depend on nothing but `units` and `own`.
 *
 * @category Layers
 */
export class LSTMCell<Step extends CellStep = LSTMStep, Own extends object = object>
  extends tf.layers.RNNCell
  implements SequenceCell
{
  static readonly className: string = 'ExplicitLSTMCell';
  readonly [LSTM_CELL_BRAND] = true;

  readonly stateSize: number[];
  readonly units: number;
  readonly seed: number | undefined;
  kernel!: tf.LayerVariable;
  recurrentKernel!: tf.LayerVariable;
  /** Null without bias. */
  bias: tf.LayerVariable | null = null;

  /** tfjs's own cell, which is never built: it parses and serializes the arguments the two have in common. */
  private readonly parsed: BuiltInCell;
  /** What `getConfig` saves of the arguments that the built-in does not have. */
  protected readonly own: Readonly<OwnArguments<'cell'> & Own>;
  private readonly drawMask: DropoutFunction;
  private readonly sequenceDropout = new SequenceDropout();

  /**
   * @param owner The name that errors give to the cell's creator; a layer passes 'LSTM'.
   * @param variant The additional arguments of a derived class.
   * @throws RangeError for an argument that breaks its rule; see `LSTMCellArgs`.
   */
  constructor(
    callersArgs: LSTMCellArgs,
    protected readonly owner = 'LSTMCell',
    private readonly variant: VariantArguments = {},
  ) {
    const args = withVariantDefaults(copyArguments(callersArgs), variant);
    validateCellArguments(owner, args, variant);
    super(args);
    this.parsed = tf.layers.lstmCell({ ...args, name: this.name } as tf.LSTMCellLayerArgs);
    this.units = args.units;
    this.own = ownArguments('cell', args, variant) as typeof this.own;
    this.requireFittingArguments();
    this.stateSize = this.stateNames.map((name) => this.widthOf(name));
    this.seed = this.own.seed ?? undefined;
    this.drawMask = (args.dropoutFunc as DropoutFunction | undefined) ?? dropoutFunction(this.seed);
  }

  get activation(): Activation {
    return this.parsed.activation;
  }
  get recurrentActivation(): Activation {
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
  get candidateDropout(): number {
    return this.own.candidateDropout;
  }
  get zoneout(): number {
    return this.own.zoneout;
  }
  get zoneoutCell(): number {
    return this.own.zoneoutCell;
  }

  /** The names of the gates, the candidate among them. */
  get gateNames(): readonly string[] {
    return GATE_NAMES;
  }

  /** The names of what is handed on from step to step; h, the output, is the first. */
  get stateNames(): readonly string[] {
    return LSTM_STATES;
  }

  /** The width of a gate or a state: U for most. */
  widthOf(_name: string): number {
    return this.units;
  }

  /**
   * The name of a gate's activation, by which pictures and statistics know what values it can take; null where it is not
   * known. Here σ of i, f and o, and φ of g: a cell with other gates, or others' activations, overrides it.
   */
  gateActivation(gate: string): string | null {
    return activationOfGate(this, gate);
  }

  /** The weights that the cell has, in the order in which they are saved. */
  get weightFacts(): readonly WeightFacts[] {
    return weightsFor(this);
  }

  get ownEquations(): OwnEquations {
    const { step, projectInput, stepFromProjectedInput } = LSTMCell.prototype;
    if (this.step !== step) return 'whole step';
    const isAsHere = this.projectInput === projectInput && this.stepFromProjectedInput === stepFromProjectedInput;
    return isAsHere ? 'none' : 'around pre-activations';
  }

  /** Adds the weights; once only, however many layers the cell is part of. */
  override build(inputShape: Shape | Shape[]): void {
    const shape = (Array.isArray(inputShape?.[0]) ? inputShape[0] : inputShape) as Shape;
    const features = Array.isArray(shape) ? shape[shape.length - 1] : null;
    const refuse = (rule: string) => invalidArgument(`${this.owner}.build`, rule, shape, { layer: this.name });
    if (!Number.isSafeInteger(features) || (features as number) < 1) {
      throw refuse('the last dimension of the input must be a positive integer');
    }
    if (this.kernel !== undefined && !isDisposedWeight(this.kernel)) {
      const [built] = this.kernel.shape;
      if (built === features) {
        for (const weight of this.weights) adoptScopedName(weight);
        return;
      }
      throw refuse(`the last dimension of the input must be ${built}, as the cell was built`);
    }
    for (const weight of this.weightFacts) {
      const variable = this.addCellWeight(weight, features as number);
      (this as unknown as Record<string, tf.LayerVariable>)[weight.property] = variable;
    }
    this.built = true;
  }

  private addCellWeight({ storedName, argument, shape, blocks }: WeightFacts, features: number): tf.LayerVariable {
    const { parsed, units } = this;
    const initializer = this.parsedArgument('initializer', `${argument}Initializer`) as Initializer;
    const isForgetBias = storedName === 'bias' && parsed.unitForgetBias;
    const variable = this.addWeight(
      storedName,
      shape(features, units),
      undefined,
      isForgetBias ? unitForgetBiasInitializer(initializer, blocks(units) ?? []) : initializer,
      this.parsedArgument('regularizer', `${argument}Regularizer`),
      true,
      this.parsedArgument('constraint', `${argument}Constraint`),
    );
    return keepConstraint(variable);
  }

  /** An argument that tfjs makes something of: its cell has parsed those of the built-in. */
  private parsedArgument<R extends Role>(role: R, name: string) {
    const parsed = (this.parsed as unknown as Record<string, unknown>)[name];
    const own = (this.own as Record<string, unknown>)[name];
    return (parsed !== undefined ? parsed : own == null ? undefined : parseIdentifier(role, own)) as Parsed<R>;
  }

  /**
   * Computes one timestep in inference, without dropout, and returns all of its quantities; differentiable.
   *
   * ```ts
   * const cell = lstmCell({ units: 2 });
   * cell.build([null, 3]);
   * const { i, f, g, o, c, h } = cell.step(tf.ones([4, 3]), [tf.zeros([4, 2]), tf.zeros([4, 2])]);
   * ```
   *
   * @param x The input, `[B, D]`.
   * @param states The states before the step: the hidden state h and the cell state c, each `[B, U]`.
   * @returns Gates, cell state and hidden state, each `[B, U]`; the caller disposes them.
   * @throws RangeError if the cell is not built or a shape is wrong.
   */
  step(x: tf.Tensor2D, states: States): Step {
    this.requireStepInputs('LSTMCell.step', x, states);
    return tidy(() => {
      if (this.ownEquations !== 'whole step') return stepCell(this, x, states, NO_DROPOUT) as Step;
      // Called by the step of a derived class, around which zoneout is applied.
      return this.stepFromProjectedInput(this.projectInput(x, NO_DROPOUT.input), states, NO_DROPOUT.recurrent);
    });
  }

  /**
   * tfjs's cell protocol: `tf.layers.rnn` calls it at every timestep.
   *
   * @param inputs x and the states, `[x, h, c]`: `[B, D]`, `[B, U]`, `[B, U]`.
   * @param kwargs `training`: if true, dropout is applied, and zoneout at random. One kwargs object stands for one sequence.
   * @returns The output and the new states, `[h', h', c']`, each `[B, U]`.
   * @throws RangeError for other inputs than these.
   */
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs = {}): tf.Tensor[] {
    const { stateNames } = this;
    if (!Array.isArray(inputs) || inputs.length !== 1 + stateNames.length) {
      const rule = `the inputs must be [x, ${stateNames.join(', ')}]`;
      throw invalidArgument('LSTMCell.call', rule, inputs, { layer: this.name });
    }
    const [x, ...states] = inputs as [tf.Tensor2D, ...tf.Tensor2D[]];
    this.requireStepInputs('LSTMCell.call', x, states);
    checkCallArguments('LSTMCell.call', this.name, kwargs);
    return tidy(() => {
      const isTraining = Boolean(kwargs.training);
      const dropoutMasks = isTraining
        ? this.sequenceDropout.masksFor(kwargs, x.shape[0], () => this.drawDropoutMasks(x.shape[0]))
        : NO_DROPOUT;
      const newStates = stepOnFusedKernel(this, x, states, () => dropoutMasks, isTraining);
      if (newStates !== null) return [newStates[0] as tf.Tensor2D, ...newStates];
      const step = stepCell(this, x, states, dropoutMasks);
      showStep(this, [x, ...states], step);
      return ['h', ...stateNames].map((name) => step[name] as tf.Tensor2D);
    });
  }

  /** Draws the dropout masks of one sequence, `[B, D]` and `[B, U]`, and says what draws those of its steps. */
  drawDropoutMasks(batch: number): DropoutMasks {
    const [features] = this.kernel.shape as [number, number];
    const dropoutMasks = drawDropoutMasks(this, this.drawMask, [batch, features], [batch, this.widthOf('h')]);
    const drawStep = stepMasksDrawer(this, this.drawMask);
    return drawStep === null ? dropoutMasks : { ...dropoutMasks, drawStep };
  }

  /**
   * What the input contributes to the pre-activations, x·W + b.
   *
   * @param x `[N, D]`.
   * @param dropoutMasks Dropout masks that broadcast to `x`.
   * @returns `[N, 4U]`.
   */
  projectInput(x: tf.Tensor2D, dropoutMasks: GateDropoutMasks): tf.Tensor2D {
    return projectInput(this, x, dropoutMasks);
  }

  /**
   * One timestep from what the input contributes to the pre-activations, `[B, 4U]`.
   *
   * @param dropCandidate What the candidate g passes through before the cell state is computed from it.
   */
  stepFromProjectedInput(
    projectedInput: tf.Tensor2D,
    states: States,
    recurrentDropoutMasks: GateDropoutMasks,
    dropCandidate?: DropCandidate,
  ): Step {
    const step = stepFromProjectedInput(this, projectedInput, states, recurrentDropoutMasks, dropCandidate);
    return step as CellStep as Step;
  }

  /** @throws RangeError for a weight whose shape is not the cell's. */
  override setWeights(weights: tf.Tensor[]): void {
    requireWeights('LSTMCell.setWeights', this, weights);
    super.setWeights(weights);
  }

  override getConfig(): ConfigDict {
    const { name: _name, trainable: _trainable, ...common } = this.parsed.getConfig();
    for (const name of Object.keys(this.variant)) delete common[name];
    return { ...super.getConfig(), ...common, ...savedArguments(this.own, this.variant) };
  }

  /** Checks the arguments that need a gate or a state which a derived class may not have. */
  private requireFittingArguments(): void {
    const { owner, gateNames, stateNames, zoneoutCell, candidateDropout } = this;
    if (zoneoutCell > 0 && !stateNames.includes('c')) {
      throw invalidArgument(owner, 'zoneoutCell must be 0 for a cell without the state c', zoneoutCell);
    }
    if (candidateDropout > 0 && !gateNames.includes('g')) {
      throw invalidArgument(owner, 'candidateDropout must be 0 for a cell without the gate g', candidateDropout);
    }
    if (candidateDropout > 0 && this.ownEquations === 'whole step') {
      const rule = 'candidateDropout must be 0 for a cell that overrides step, within which the candidate is';
      throw invalidArgument(owner, rule, candidateDropout);
    }
    const bias = this.weightFacts.find(({ storedName }) => storedName === 'bias');
    const hasForgetBias = bias === undefined || bias.blocks(this.units)?.some(({ name }) => name === 'f');
    if (this.parsed.unitForgetBias && !hasForgetBias) {
      const rule = 'unitForgetBias must be false or left out, because the forget gate has no bias';
      throw invalidArgument(owner, rule, true);
    }
  }

  private requireStepInputs(where: string, x: unknown, states: unknown): void {
    const context = { layer: this.name };
    if (!this.built) throw invalidState(where, 'the cell must be built first', this.name);
    const [features] = this.kernel.shape;
    const shape = shapeOf(x);
    if (shape?.length !== 2 || shape[1] !== features) {
      throw invalidArgument(where, `x must be [B, D] = [B, ${features}]`, shape ?? x, context);
    }
    requireUsable(where, 'x', x, this.name);
    requireStates(where, { name: this.name, cell: this }, states, shape[0] ?? null, 'states');
  }
}
tf.serialization.registerClass(LSTMCell);

/** Any cell of this package, whatever its gates and states. */
export type AnyLSTMCell = LSTMCell<CellStep>;

const LSTM_STATES = ['h', 'c'] as const;

/**
 * Initializes a bias with 1 for the forget gate and `others` for the rest.
 *
 * Jozefowicz, Zaremba, Sutskever 2015, "An Empirical Exploration of Recurrent Network Architectures".
 */
function unitForgetBiasInitializer(others: Initializer, blocks: readonly Block[]): Initializer {
  const forget = blocks.findIndex(({ name }) => name === 'f');
  const before = blocks.slice(0, forget);
  const after = blocks.slice(forget + 1);
  const rest = (some: readonly Block[]) => {
    const width = some.reduce((sum, block) => sum + block.width, 0);
    return width === 0 ? [] : [others.apply([width]) as tf.Tensor1D];
  };
  const apply = () =>
    tf.tidy(() => tf.concat([...rest(before), tf.ones([blocks[forget]?.width ?? 0]) as tf.Tensor1D, ...rest(after)]));
  return { apply } as unknown as Initializer;
}

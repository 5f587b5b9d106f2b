import * as tf from '@tensorflow/tfjs';
import { addRemark, invalidArgument, invalidState } from '../core/errors.js';
import type { States } from '../core/step.js';
import { tidy } from '../core/tidy.js';
import { NO_DROPOUT } from '../core/weighted-sum.js';
import type { Implementation, UseFused } from '../fused/choose.js';
import type { FusedKernel } from '../fused/fused-kernel.js';
import { otherCopyRemark } from '../host/other-copy.js';
import type { ConfigDict, Kwargs, LossFunction } from '../host/types.js';
import { type CallFacts, checkSymbolicCall, isSymbolicCall, readCall, requireStates } from '../sequence/read-call.js';
import { chooseForSequence, runSequence } from '../sequence/run-sequence.js';
import { type Sequence, zeroStates } from '../sequence/sequence.js';
import { ActivityPenalty } from './activity-penalty.js';
import {
  argumentsOf,
  copyArguments,
  type LSTMArgs,
  type LSTMCellArgs,
  type OwnArguments,
  ownArguments,
  savedArguments,
} from './arguments.js';
import { LSTM_BRAND, LSTM_CELL_BRAND } from './brand.js';
import { requireBuilt, requireWeights } from './check-weights.js';
import { usualOutputs, withGateMasks, withGateShapes, withGates } from './gate-outputs.js';
import { type AnyLSTMCell, LSTMCell } from './lstm-cell.js';
import { type GateTrace, type TraceOptions, traceLSTM } from './trace.js';
import { validateLSTMArguments, validateOverCellArguments } from './validate-arguments.js';

/** What every layer of tfjs takes. */
type LayerArgument = keyof ConstructorParameters<typeof tf.layers.Layer>[0];

/** The arguments of an `lstm` over a cell that is given: what concerns the cell, such as `units`, is given to the cell. */
export interface LSTMOverCellArgs extends Omit<LSTMArgs, Exclude<keyof LSTMCellArgs, LayerArgument>> {
  /** The cell that computes each step: `lstmCell`, a variant, or a user's own class derived from `LSTMCell`. */
  cell: AnyLSTMCell;
}

/** A call that `apply` has read, and `call` is to run. */
interface PendingCall {
  where: string;
  inputs: unknown;
  sequence: Sequence;
}

/**
 * The LSTM layer, a drop-in replacement for `tf.layers.lstm`: the same arguments, weights, outputs, gradients and saved
 * JSON, with visible gates (`returnGates`, `trace`).
 *
 * Input [B, T, D]. Output [B, U], or [B, T, U] with `returnSequences`; with `returnState`, followed by h and c, each
 * [B, U]. Call arguments: `initialState` ([h, c], each [B, U]), `mask` ([B, T]) and `training`.
 *
 * ```ts
 * const layer = new LSTM({ units: 8, returnState: true });
 * const [output, h, c] = layer.apply(x) as tf.Tensor[];
 * ```
 *
 * Hochreiter and Schmidhuber 1997, "Long Short-Term Memory". For the equations, see `LSTMCell`.
 *
 * @category Layers
 */
export class LSTM extends tf.layers.RNN {
  static override readonly className: string = 'ExplicitLSTM';
  readonly [LSTM_BRAND] = true;

  // A class field would wipe what tf.layers.RNN's constructor sets.
  declare readonly cell: AnyLSTMCell;

  readonly returnGates: boolean;
  readonly useFused: UseFused;
  readonly zeroOutputForMask: boolean;

  /** What the last call ran on, and why it was not a fused kernel; null before the first call. */
  lastImplementation: Implementation | null = null;

  /** Whether the cell was given, and is saved as such. */
  private readonly isOverGivenCell: boolean;
  /** What `getConfig` saves of the arguments that the built-in does not have. */
  private readonly own: OwnArguments<'lstm'>;
  private readonly activityPenalty: ActivityPenalty | null;
  private readonly addedLosses: LossFunction[] = [];
  private builtInputSpec: tf.InputSpec | null = null;
  private hasBeenApplied = false;
  private pendingCall: PendingCall | null = null;

  /** @throws RangeError for an argument that breaks its rule; see `LSTMArgs`. */
  constructor(callersArgs: LSTMArgs | LSTMOverCellArgs) {
    const args = copyArguments(callersArgs);
    const givenCell = readCell(args);
    if (givenCell === null) validateLSTMArguments('LSTM', args as LSTMArgs);
    else validateOverCellArguments('LSTM', args);
    // The cell stays trainable: whether its weights are trained is the layer's to say, before and after building.
    const cell = givenCell ?? new LSTMCell({ ...args, trainable: true } as LSTMCellArgs, 'LSTM');
    super({ ...args, cell } as tf.RNNLayerArgs);
    this.isOverGivenCell = givenCell !== null;
    this.own = ownArguments('lstm', args as LSTMArgs);
    const { returnGates, useFused, zeroOutputForMask, activityRegularizer } = this.own;
    this.returnGates = returnGates;
    this.useFused = useFused;
    this.zeroOutputForMask = zeroOutputForMask;
    this.activityPenalty = activityRegularizer === null ? null : new ActivityPenalty(activityRegularizer);
  }

  /** @throws Error for a saved cell of a class that nobody has registered. */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: ConfigDict,
    customObjects: ConfigDict = {},
  ): T {
    const className = (config.cell as ConfigDict | null | undefined)?.className as string | undefined;
    // tf.layers.RNN's own demands a cell in the config.
    if (className === undefined) return new cls(config);
    const { classNameMap } = tf.serialization.SerializationMap.getMap();
    if (classNameMap[className] === undefined && customObjects[className] === undefined) {
      const rule =
        "the class of the saved cell must be registered: import 'explicit-lstm/variants', or the module of your own that has it, before the model is loaded";
      throw invalidState('LSTM.fromConfig', rule, className);
    }
    // It writes the cell into the config, and Bidirectional makes both of its layers of one.
    return tf.layers.RNN.fromConfig(cls, { ...config }, customObjects) as T;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = (Array.isArray(inputShape?.[0]) ? inputShape[0] : inputShape) as tf.Shape;
    const refuse = (rule: string) => invalidArgument('LSTM.build', rule, shape, { layer: this.name });
    if (shape?.length !== 3) throw refuse('the input shape must be [B, T, D]');
    if (this.stateful && !Number.isSafeInteger(shape[0])) {
      throw refuse(
        'a stateful layer must know its batch size: pass batchInputShape to the layer, or batchShape to tf.input',
      );
    }
    const features = shape[2] as number;
    if (!Number.isSafeInteger(features) || features < 1) throw refuse('D of [B, T, D] must be a positive integer');
    const built = this.facts().features;
    if (built !== null && built !== features) {
      throw refuse(`the input shape must be [B, T, D] with D = ${built}, as the layer was built`);
    }
    super.build(inputShape);
    this.builtInputSpec = this.inputSpec[0] as tf.InputSpec;
    // Without it, which tfjs's RNN leaves out, applying a layer that was built by hand adds its weights again.
    this.built = true;
  }

  /**
   * Applies the layer to tensors, or symbolically to build a model.
   *
   * @param inputs x [B, T, D], or [x, h, c] with h and c [B, U].
   * @param kwargs `initialState` ([h, c]), `mask` ([B, T]), `training`; not modified.
   * @returns The output [B, U], or [B, T, U] with `returnSequences`; with `returnState` or `returnGates`, an array.
   * @throws RangeError for inputs that break their rule; the layer remains usable.
   */
  override apply(inputs: Parameters<tf.layers.RNN['apply']>[0], kwargs?: Kwargs): ReturnType<tf.layers.RNN['apply']> {
    const where = 'LSTM.apply';
    // tfjs's model executor passes one kwargs object to all its layers, and RNN.apply writes into it.
    const ownKwargs = { ...kwargs };
    if (isSymbolicCall(inputs)) return this.applySymbolically(where, inputs, ownKwargs);
    const sequence = readCall(where, this.facts(), inputs, ownKwargs);
    // If a fused kernel is demanded and does not apply, this throws before anything is built.
    if (this.useFused === true && !this.cell.built) this.choose(where, sequence, ownKwargs);
    this.pendingCall = { where, inputs, sequence };
    const inputSpec = [...this.inputSpec];
    this.hasBeenApplied = true;
    try {
      return super.apply(inputs, ownKwargs);
    } finally {
      this.pendingCall = null;
      // A build that failed leaves what it was given as what the next one must be given.
      if (this.builtInputSpec === null) this.inputSpec = inputSpec;
    }
  }

  private applySymbolically(
    where: string,
    inputs: Parameters<tf.layers.RNN['apply']>[0],
    kwargs: Kwargs,
  ): ReturnType<tf.layers.RNN['apply']> {
    checkSymbolicCall(where, this.facts(), inputs, kwargs);
    const [inputSpec] = this.inputSpec;
    this.hasBeenApplied = true;
    try {
      return super.apply(inputs, kwargs);
    } finally {
      // RNN.apply widens it for symbolic states, leaves it so when it throws, and loses there what build found out.
      this.inputSpec = [this.builtInputSpec ?? (inputSpec as tf.InputSpec)];
    }
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs = {}): tf.Tensor | tf.Tensor[] {
    const pending = this.pendingCall?.inputs === inputs ? this.pendingCall : null;
    const where = pending?.where ?? 'LSTM.call';
    requireBuilt(where, this);
    // Bidirectional names its copies so.
    if (this.returnGates && /^(forward|backward)_/.test(this.name)) this.refuseGatesInWrapper(where);
    const { cell, goBackwards, zeroOutputForMask, returnSequences, returnState, returnGates } = this;
    const given = pending?.sequence ?? readCall(where, this.facts(), inputs, kwargs);
    const isTraining = kwargs.training === true;
    const fusedKernel = this.choose(where, given, kwargs);
    return tidy(() => {
      const sequence: Sequence = {
        x: given.x,
        states: given.states ?? this.ownStates(),
        mask: given.mask,
        dropoutMasks: isTraining ? cell.drawDropoutMasks(given.x.shape[0]) : NO_DROPOUT,
      };
      const options = { goBackwards, zeroOutputForMask, keepOutputs: returnSequences, keepGates: returnGates };
      const result = runSequence(fusedKernel, cell, sequence, options);
      const usual = usualOutputs(result, returnState);
      if (isTraining) this.activityPenalty?.record([given.x, ...(given.states ?? [])], usual);
      const all = withGates(usual, cell, result.gates);
      if (this.stateful) {
        // What a fused kernel made is nobody else's unless it is returned. Copies would take as long as a small step.
        const isFree = (state: tf.Tensor) => fusedKernel !== null && !all.includes(state);
        this.replaceStates(result.states.map((state) => (isFree(state) ? state : tf.clone(state))));
      }
      return all.length === 1 ? (all[0] as tf.Tensor) : all;
    });
  }

  /**
   * Runs a sequence in inference mode and returns every gate. The states of a stateful layer are read, never written.
   *
   * ```ts
   * const trace = layer.trace(x);
   * trace.f.mean().print(); // how much the layer keeps, on average
   * trace.dispose();
   * ```
   *
   * @param x [B, T, D].
   * @returns i, f, g, o, c, h, each [B, T, U], or what the cell has in their place; the caller disposes it.
   * @throws RangeError if the layer is not built, or for an input that breaks its rule.
   */
  trace(x: tf.Tensor, options: TraceOptions = {}): GateTrace {
    const where = 'LSTM.trace';
    requireBuilt(where, this);
    const { name, cell, goBackwards, useFused } = this;
    const { trace, implementation } = traceLSTM(
      where,
      { name, cell, goBackwards, states: this.ownStates() },
      x,
      options,
      useFused,
    );
    this.lastImplementation = implementation;
    return trace;
  }

  /**
   * Sets the states of a stateful layer to zeros, or to copies of `states`.
   *
   * @param states In the order of the cell's: h and c, each [B, U], of the plain LSTM.
   * @throws RangeError if the layer is not stateful or not built, or for a state of the wrong shape.
   */
  override resetStates(states?: tf.Tensor | tf.Tensor[] | null, _training?: boolean): void {
    const where = 'LSTM.resetStates';
    if (!this.stateful) throw invalidState(where, 'the layer must be stateful', this.name);
    requireBuilt(where, this);
    const facts = this.facts();
    const batch = facts.batchSize as number;
    if (states != null) requireStates(where, facts, states, batch, 'states');
    tidy(() => {
      const values = [states ?? zeroStates(batch, facts.cell)].flat();
      this.replaceStates(values.map((state) => tf.clone(state)));
    });
  }

  /** @throws RangeError for a weight whose shape is not the layer's. */
  override setWeights(weights: tf.Tensor[]): void {
    requireWeights('LSTM.setWeights', this, weights);
    super.setWeights(weights);
  }

  override getInitialState(inputs: tf.Tensor): tf.Tensor[] {
    return zeroStates(inputs.shape[0] as number, this.cell);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    const usual = super.computeOutputShape(inputShape);
    if (!this.returnGates) return usual;
    if (this.cell.built) this.refuseGatesInWrapper('LSTM.computeOutputShape');
    return withGateShapes(usual, inputShape, this.cell);
  }

  override computeMask(inputs: tf.Tensor | tf.Tensor[], mask?: tf.Tensor | tf.Tensor[]): tf.Tensor | tf.Tensor[] {
    const usual = super.computeMask(inputs, mask);
    return this.returnGates ? withGateMasks(usual, this.cell) : usual;
  }

  /**
   * The penalties that training adds to the loss: those of the weight regularizers, of the activity regularizer, and added ones.
   */
  override get losses(): LossFunction[] {
    const activity = this.activityPenalty === null ? [] : [this.activityPenalty.loss];
    return [...this.cell.losses, ...activity, ...this.addedLosses];
  }

  override addLoss(losses: LossFunction | LossFunction[]): void {
    this.addedLosses.push(...(Array.isArray(losses) ? losses : [losses]));
  }

  /**
   * Returns the built-in layer's keys, and this package's own arguments that are set; over a given cell, the cell's
   * config instead of the keys that concern the cell.
   */
  override getConfig(): ConfigDict {
    const config: ConfigDict = { ...super.getConfig(), ...savedArguments(this.own) };
    if (!this.isOverGivenCell) return config;
    for (const name of Object.keys(this.cell.getConfig())) {
      if (!OF_LAYER.includes(name)) delete config[name];
    }
    return { ...config, cell: { className: this.cell.getClassName(), config: this.cell.getConfig() } };
  }

  protected override disposeWeights(): number {
    tf.dispose(this.states_ ?? []);
    return super.disposeWeights();
  }

  /** Chooses what a call runs on, and remembers it. */
  private choose(where: string, sequence: Sequence, { training }: Kwargs): FusedKernel | null {
    const { name, useFused, returnGates } = this;
    const wanted = { where, layer: name, useFused, isTraining: training === true, keepsGates: returnGates };
    const { fusedKernel, implementation } = chooseForSequence(this.cell, sequence, wanted);
    this.lastImplementation = implementation;
    return fusedKernel;
  }

  private ownStates(): States | null {
    return this.stateful ? (this.states as States) : null;
  }

  // A gradient tape keeps its own references, so that the old states can go at once, in training too.
  private replaceStates(states: readonly tf.Tensor[]): void {
    const old = this.states_ ?? [];
    this.states_ = states.map((state) => tf.keep(state));
    tf.dispose(old);
  }

  private facts(): CallFacts {
    const { name, cell } = this;
    return {
      name,
      cell,
      features: cell.built ? (cell.kernel.shape[0] ?? null) : null,
      batchSize: this.stateful ? (this.inputSpec[0]?.shape?.[0] ?? null) : null,
    };
  }

  /** Wrappers take what a layer returns for one output, and call it without applying it. */
  private refuseGatesInWrapper(where: string): void {
    if (!this.returnGates || this.hasBeenApplied) return;
    const rule =
      'returnGates must be false inside Bidirectional and TimeDistributed, which pass on only one output per layer';
    throw invalidArgument(where, rule, true, { layer: this.name });
  }
}
tf.serialization.registerClass(LSTM);

const OF_LAYER: string[] = argumentsOf('any layer', 'rnn', 'lstm');

/** The cell that arguments give, if they do. */
function readCell(args: LSTMArgs | LSTMOverCellArgs): AnyLSTMCell | null {
  const cell: unknown = (args as Partial<LSTMOverCellArgs> | null)?.cell;
  if (cell == null) return null;
  if (cell instanceof tf.layers.Layer && LSTM_CELL_BRAND in cell) return cell as AnyLSTMCell;
  // tf.layers.lstm writes its own cell into the arguments that it is given.
  if ((args as Partial<LSTMArgs>).units !== undefined) return null;
  throw invalidArgument(
    'LSTM',
    'cell must be one LSTMCell of this package; tf.layers.rnn takes others, and stacks',
    cell,
  );
}
addRemark(otherCopyRemark);

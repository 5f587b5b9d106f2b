import * as tf from '@tensorflow/tfjs';
import { addRemark, invalidArgument, invalidState } from '../core/errors.js';
import { requireOptions } from '../core/options.js';
import { tidy } from '../core/tidy.js';
import { chooseImplementation, type Implementation, type UseFused } from '../fused/choose-implementation.js';
import type { FusedKernel } from '../fused/fused-kernel.js';
import { otherCopyRemark } from '../host/other-copy.js';
import type { ConfigDict, Kwargs, LossFunction } from '../host/types.js';
import { ActivityPenalty } from './activity-penalty.js';
import {
  copyArguments,
  type LSTMArgs,
  type LSTMCellArgs,
  type OwnArguments,
  ownArguments,
  savedArguments,
} from './arguments.js';
import { LSTM_BRAND } from './brand.js';
import { type CallInputs, checkApplyInputs, concreteInputs } from './call-inputs.js';
import { NO_DROPOUT } from './dropout.js';
import { refuseGatesInWrapper, usualOutputs, withGateMasks, withGateShapes, withGates } from './gate-outputs.js';
import { LSTMCell } from './lstm-cell.js';
import { requireBuilt } from './require-built.js';
import { runSequence, type States, zeroStates } from './run-sequence.js';
import { sequenceProblem, type Wanted, wantedBy } from './sequence-problem.js';
import { type GateTrace, TRACE_OPTIONS, type TraceOptions, traceSequence } from './trace.js';
import { validateLSTMArguments } from './validate-arguments.js';
import { type CheckedLayer, requireStates, requireUnits, requireWeights } from './validate-call.js';

/**
 * The LSTM layer, a drop-in for `tf.layers.lstm`: the same arguments, weights, outputs, gradients and saved JSON, with
 * gates that can be seen (`returnGates`, `trace`).
 *
 * Input [B, T, D]. Output [B, U], or [B, T, U] with `returnSequences`; with `returnState` it is followed by h and c,
 * each [B, U]. Call arguments: `initialState` ([h, c], each [B, U]), `mask` ([B, T]) and `training`.
 *
 * ```ts
 * const layer = new LSTM({ units: 8, returnState: true });
 * const [output, h, c] = layer.apply(x) as tf.Tensor[];
 * ```
 *
 * Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; the equations are at `LSTMCell`.
 */
export class LSTM extends tf.layers.RNN {
  static override readonly className: string = 'ExplicitLSTM';
  readonly [LSTM_BRAND] = true;

  // A class field would wipe what tf.layers.RNN's constructor sets.
  declare readonly cell: LSTMCell;

  readonly returnGates: boolean;
  readonly useFused: UseFused;
  readonly zeroOutputForMask: boolean;

  /** What the last call ran on, and why it was not a fused kernel; null before the first call. */
  lastImplementation: Implementation | null = null;

  /** What `getConfig` saves of the arguments that the built-in does not have. */
  private readonly own: OwnArguments<'lstm'>;
  private readonly activityPenalty: ActivityPenalty | null;
  private readonly addedLosses: LossFunction[] = [];
  private builtInputSpec: tf.InputSpec | null = null;
  hasBeenApplied = false;

  /** @throws RangeError for an argument that breaks its rule; see `LSTMArgs`. */
  constructor(callersArgs: LSTMArgs) {
    const args = copyArguments(callersArgs);
    validateLSTMArguments('LSTM', args);
    // The cell stays trainable: whether its weights are trained is the layer's to say, before and after building.
    super({ ...args, cell: new LSTMCell({ ...args, trainable: true } as LSTMCellArgs) } as tf.RNNLayerArgs);
    this.own = ownArguments('lstm', args);
    const { returnGates, useFused, zeroOutputForMask, activityRegularizer } = this.own;
    this.returnGates = returnGates;
    this.useFused = useFused;
    this.zeroOutputForMask = zeroOutputForMask;
    this.activityPenalty = activityRegularizer === null ? null : new ActivityPenalty(activityRegularizer);
  }

  // tf.layers.RNN's own demands a cell in the config.
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: ConfigDict,
  ): T {
    return new cls(config);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = (Array.isArray(inputShape?.[0]) ? inputShape[0] : inputShape) as tf.Shape;
    if (shape?.length !== 3) {
      throw invalidArgument('LSTM.build', 'the input shape must be [B, T, D]', shape, { layer: this.name });
    }
    if (this.stateful && !Number.isSafeInteger(shape[0])) {
      const rule = 'a stateful layer must know its batch size: give it batchInputShape, or batchShape to tf.input';
      throw invalidArgument('LSTM.build', rule, shape, { layer: this.name });
    }
    super.build(inputShape);
    this.builtInputSpec = this.inputSpec[0] as tf.InputSpec;
    // Without it, which tfjs's RNN leaves out, applying a layer that was built by hand adds its weights again.
    this.built = true;
  }

  /**
   * Applies the layer to tensors, or symbolically while a model is put together.
   *
   * @param inputs x [B, T, D], or [x, h, c].
   * @param kwargs `initialState`, `mask`, `training`; left as they are.
   * @throws RangeError for inputs that break their rule; the layer can be applied again.
   */
  override apply(inputs: Parameters<tf.layers.RNN['apply']>[0], kwargs?: Kwargs): ReturnType<tf.layers.RNN['apply']> {
    // tfjs's model executor passes one kwargs object to all its layers, and RNN.apply writes into it.
    const ownKwargs = { ...kwargs };
    const concrete = checkApplyInputs('LSTM.apply', this.checked(), inputs, ownKwargs);
    if (concrete !== null) this.choose('LSTM.apply', concrete, wantedBy(this, ownKwargs));
    const [inputSpec] = this.inputSpec;
    try {
      this.hasBeenApplied = true;
      return super.apply(inputs, ownKwargs);
    } finally {
      // RNN.apply widens it for symbolic states, leaves it so when it throws, and loses there what build found out.
      this.inputSpec = [this.builtInputSpec ?? (inputSpec as tf.InputSpec)];
    }
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs = {}): tf.Tensor | tf.Tensor[] {
    const where = 'LSTM.call';
    requireBuilt(where, this);
    // Bidirectional names its copies so, and calls them without applying them.
    if (/^(forward|backward)_/.test(this.name)) refuseGatesInWrapper(where, this);
    const { x, states: givenStates, mask } = concreteInputs(where, this.checked(), inputs, kwargs);
    const wanted = wantedBy(this, kwargs);
    const kernel = this.choose(where, { x, mask }, wanted);
    return tidy(() => {
      const dropout = wanted.isTraining ? this.cell.drawDropoutMasks(x.shape[0]) : NO_DROPOUT;
      const sequence = { x, states: givenStates ?? this.statesFor(x), mask, dropout };
      const { goBackwards, zeroOutputForMask } = this;
      const kept = { keepOutputs: this.returnSequences, keepGates: this.returnGates };
      const result = runSequence(kernel, this.cell, sequence, { goBackwards, zeroOutputForMask, ...kept });
      if (this.stateful) this.replaceStates([result.h, result.c]);
      const usual = usualOutputs(result, this.returnState);
      if (wanted.isTraining) this.activityPenalty?.record([x, ...(givenStates ?? [])], usual);
      const all = withGates(usual, result.gates);
      return all.length === 1 ? (all[0] as tf.Tensor) : all;
    });
  }

  /**
   * Runs a sequence in inference mode and shows every gate. States of a stateful layer are read, never written.
   *
   * ```ts
   * const trace = layer.trace(x);
   * trace.f.mean().print(); // how much the layer keeps, on average
   * trace.dispose();
   * ```
   *
   * @param x [B, T, D].
   * @returns i, f, g, o, c, h, each [B, T, U]; the caller disposes it.
   * @throws RangeError when the layer is not built, or for an input that breaks its rule.
   */
  trace(x: tf.Tensor, options: TraceOptions = {}): GateTrace {
    const where = 'LSTM.trace';
    requireBuilt(where, this);
    requireOptions(where, options, TRACE_OPTIONS);
    const { initialState, mask, units } = options;
    const inputs = concreteInputs(where, this.checked(), x, { initialState, mask });
    if (units != null) requireUnits(where, this, units);
    const kernel = this.choose(where, inputs, { isTraining: false, keepsGates: true });
    return tidy(() => {
      const states = inputs.states ?? this.statesFor(inputs.x);
      const { goBackwards } = this;
      const sequence = { ...inputs, states, dropout: NO_DROPOUT };
      return traceSequence(kernel, this.cell, sequence, { goBackwards, keptUnits: units ?? undefined });
    });
  }

  /**
   * Sets the states of a stateful layer: to zeros, or to copies of `states`.
   *
   * @param states h and c, each [B, U].
   * @throws RangeError when the layer is not stateful or not built, or for a state of another shape.
   */
  override resetStates(states?: tf.Tensor | tf.Tensor[] | null, _training?: boolean): void {
    const where = 'LSTM.resetStates';
    if (!this.stateful) throw invalidState(where, 'the layer must be stateful', this.name);
    requireBuilt(where, this);
    const batch = this.checked().batchSize as number;
    if (states != null) requireStates(where, this, states, batch, 'states');
    tidy(() => this.replaceStates((states ?? zeroStates(batch, this.cell.units)) as States));
  }

  /** @throws RangeError for a weight of another shape than the layer's. */
  override setWeights(weights: tf.Tensor[]): void {
    requireWeights('LSTM.setWeights', this, weights);
    super.setWeights(weights);
  }

  override getInitialState(inputs: tf.Tensor): tf.Tensor[] {
    return zeroStates(inputs.shape[0] as number, this.cell.units);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    const usual = super.computeOutputShape(inputShape);
    if (!this.returnGates) return usual;
    if (this.cell.built) refuseGatesInWrapper('LSTM.computeOutputShape', this);
    return withGateShapes(usual, inputShape, this.cell.units);
  }

  override computeMask(inputs: tf.Tensor | tf.Tensor[], mask?: tf.Tensor | tf.Tensor[]): tf.Tensor | tf.Tensor[] {
    const usual = super.computeMask(inputs, mask);
    return this.returnGates ? withGateMasks(usual) : usual;
  }

  /** The penalties that training adds to the loss: of the weights' regularizers, of the activity, and added ones. */
  override get losses(): LossFunction[] {
    const activity = this.activityPenalty === null ? [] : [this.activityPenalty.loss];
    return [...this.cell.losses, ...activity, ...this.addedLosses];
  }

  override addLoss(losses: LossFunction | LossFunction[]): void {
    this.addedLosses.push(...(Array.isArray(losses) ? losses : [losses]));
  }

  /** Emits the built-in layer's keys, and those of this package's own arguments that are set. */
  override getConfig(): ConfigDict {
    return { ...super.getConfig(), ...savedArguments(this.own) };
  }

  protected override disposeWeights(): number {
    tf.dispose(this.states_ ?? []);
    return super.disposeWeights();
  }

  /** Chooses what a call runs on, and remembers it. */
  private choose(where: string, { x, mask }: Pick<CallInputs, 'x' | 'mask'>, wanted: Wanted): FusedKernel | null {
    const problem = sequenceProblem(this.cell, x.shape, mask, wanted);
    const { kernel, ...implementation } = chooseImplementation(where, this.name, this.useFused, problem);
    this.lastImplementation = implementation;
    return kernel;
  }

  private statesFor(x: tf.Tensor): States {
    return (this.stateful ? this.states_ : this.getInitialState(x)) as States;
  }

  // A gradient tape keeps its own references, so that the old states can go at once, in training too.
  private replaceStates(states: States): void {
    const old = this.states_ ?? [];
    this.states_ = states.map((state) => tf.keep(tf.clone(state)));
    tf.dispose(old);
  }

  private checked(): CheckedLayer {
    const batchSize = this.stateful ? (this.inputSpec[0]?.shape?.[0] ?? null) : null;
    return { name: this.name, cell: this.cell, batchSize };
  }
}
tf.serialization.registerClass(LSTM);
addRemark(otherCopyRemark);

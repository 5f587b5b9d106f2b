import * as tf from '@tensorflow/tfjs';
import { quantitiesOf, type SizedCell } from '../../core/quantities.js';
import { unstackSteps } from '../../core/unstack-steps.js';
import { NO_DROPOUT } from '../../core/weighted-sum.js';
import type { RecordedRun } from '../../fused/run-fused.js';
import { isBuiltInLSTM, isBuiltInLSTMCell } from '../../host/built-in-classes.js';
import { hookMethod } from '../../host/hook-method.js';
import type { BuiltInCell, Kwargs } from '../../host/types.js';
import { isBuiltInAccelerated } from '../../layers/accelerate/accelerate-built-in.js';
import { type BuiltInCall, builtInClasses, readBuiltInCall } from '../../layers/accelerate/built-in-call.js';
import { cellToRun, isExplicitLSTM, type LSTMLike, runForeign, stepForeign } from '../../layers/foreign-lstm.js';
import { observe, observersOf, type SequenceObserver, type StepInputs } from '../../sequence/observe.js';
import { chooseForSequence } from '../../sequence/run-sequence.js';
import type { Sequence } from '../../sequence/sequence.js';
import { type FoundLSTM, leafCells, type Place } from '../model/find-lstms.js';
import type { UnitsOf } from './chosen-units.js';
import { type Computed, ComputedSteps, computedAtOnce } from './computed.js';
import { keptCopy, type LSTMCall, newCall, type Returned } from './lstm-call.js';
import { watchWayBack } from './way-back.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** What is wanted of a run besides what the LSTMs are given. */
export interface Wishes {
  /** Receives the tensors that LSTMs return, each of which is then used once. */
  watch?: (tensor: tf.Tensor) => void;
  /** Keeps all that the LSTMs compute, of these units, if the run provides it. */
  keptUnits?: UnitsOf;
}

/** How a layer is called. */
export interface LayerCall {
  inputs: Tensors;
  kwargs: Kwargs;
  /** Whether somebody has put another `call` on the layer. */
  isReplaced: boolean;
}

/**
 * Runs a layer that has LSTMs, and writes down what each of them was given, what it computed, where that is wanted and can
 * be told, and what it returned, where that is watched.
 *
 * @param calls Gets the calls of its LSTMs, one of each, in their order; the caller disposes them, also where this throws.
 * @returns What the layer is to return.
 */
export function followLayer(
  { layer, lstms }: Place,
  layerCall: LayerCall,
  wishes: Wishes,
  run: () => Tensors,
  calls: LSTMCall[],
): Tensors {
  const given = sequenceGiven(layer as tf.layers.RNN, layerCall);
  const [only] = lstms as [FoundLSTM];
  const outputs =
    (layer as LSTMLike).cell === only.lstmCell
      ? followOnlyCell(only, given, layerCall, wishes, run, calls)
      : (runStackTakenOver(lstms, layerCall, wishes, calls) ?? followStackedCells(lstms, given, wishes, run, calls));
  return watched(outputs, wishes, calls);
}

/** Copies, where they are watched: tfjs returns one tensor for h as output and as state. */
function watched(outputs: Tensors, { watch }: Wishes, calls: LSTMCall[]): Tensors {
  if (watch === undefined || calls.every(isGoneBackOver)) return outputs;
  const copies = [outputs].flat().map((output) => tf.clone(output));
  copies.forEach(watch);
  for (const { returned } of calls) (returned[0] as Returned).outputs.push(...copies);
  return Array.isArray(outputs) ? copies : (copies[0] as tf.Tensor);
}

function isGoneBackOver({ returned }: LSTMCall): boolean {
  return (returned[0] as Returned).wayBack !== null;
}

/** The arguments of a recurrent layer's `call` as the layer reads them. States are those of all stacked cells. */
function sequenceGiven(layer: tf.layers.RNN, { inputs, kwargs }: LayerCall): Sequence {
  const [x, ...after] = [inputs].flat() as [tf.Tensor3D, ...tf.Tensor[]];
  const own = layer.stateful ? (layer.states as tf.Tensor[]) : null;
  const states = after.length > 0 ? after : (kwargs.initialState ?? own);
  const mask = [kwargs.mask].flat()[0] ?? null;
  return {
    x,
    states: states as Sequence['states'],
    mask: mask as Sequence['mask'],
    dropoutMasks: NO_DROPOUT,
  };
}

/** While units are chosen of a sequence, all of them are held. Of what would take more, another run chooses in pieces. */
const MOST_BYTES_TO_CHOOSE_FROM = 2 ** 24;

/**
 * The layer is run as a whole, and what it computes taken from there: a layer of this package as it is; a built-in one in
 * the place of its own code, where its outputs are then the same. Else tfjs takes the cell through the steps, and what is
 * computed is taken from these.
 *
 * Only another run tells what a layer computes
 * - that is of a class of somebody's own, or whose `call` is somebody's own: what it gives its cell need not be what it was
 *   given itself;
 * - that runs as a whole, of which some units are wanted, and which has too many to hold them all;
 * - that is accelerated, masked, and runs its own code, as no fused kernel applies: its cell must stay as it is for that.
 */
function followOnlyCell(
  lstm: FoundLSTM,
  given: Sequence,
  layerCall: LayerCall,
  { keptUnits, watch }: Wishes,
  run: () => Tensors,
  calls: LSTMCall[],
): Tensors {
  const call = newCall(lstm, given, null);
  calls.push(call);
  if (keptUnits === undefined) return run();
  const { lstmCell } = lstm;
  const layer = lstm.layer as LSTMLike;
  const units = keptUnits(lstm);
  const isWhole = canHoldAll(lstm, given, units);
  const sequences: Computed[] = [];
  const runs: (RecordedRun | null)[] = [];
  const steps = new ComputedSteps(units);
  const ends: (() => void)[] = [];
  if (isWhole) {
    const afterSequence: SequenceObserver['afterSequence'] = ({ x }, result, recorded) => {
      if (x !== given.x) return;
      sequences.push(computedAtOnce(result, units));
      runs.push(recorded);
    };
    ends.push(observe(lstmCell, { keepsGates: true, afterSequence }));
  }
  try {
    const sequence = isWhole ? sequenceToTakeOver(layer, layerCall) : null;
    if (sequence !== null) return runTakenOver(layer, [layer.cell], sequence);
    if (layerCall.isReplaced || !isSteppedByTfjs(layer)) return run();
    ends.push(hookSteps(lstmCell, true, (_, step) => step(steps)));
    return run();
  } finally {
    for (const end of ends.reverse()) end();
    const [only, ...others] = steps.isWhole(given.x.shape[1]) ? [...sequences, steps] : sequences;
    if (others.length === 0) call.computed = only ?? null;
    for (const computed of [...sequences, steps]) if (computed !== call.computed) computed.dispose();
    if (call.computed === sequences[0]) goBackOver(call, runs[0] ?? null, watch);
  }
}

/** Has tfjs's backward pass tell what it comes by in a call's run, if it can. */
function goBackOver(call: LSTMCall, run: RecordedRun | null, watch: Wishes['watch']): void {
  if (run === null || watch === undefined) return;
  const { layer, lstmCell } = call.lstm;
  (call.returned[0] as Returned).wayBack = watchWayBack(cellToRun(lstmCell), run, layer.goBackwards, watch);
}

/** Whether all units of a sequence can be held while some of them are chosen. */
function canHoldAll(
  { lstmCell }: FoundLSTM,
  { x }: Pick<Sequence, 'x'>,
  units: readonly number[] | undefined,
): boolean {
  return units === undefined || bytesOf(x.shape, cellToRun(lstmCell)) <= MOST_BYTES_TO_CHOOSE_FROM;
}

function bytesOf([batch, timesteps]: readonly [number, number, number], cell: SizedCell): number {
  const width = quantitiesOf(cell).reduce((sum, name) => sum + cell.widthOf(name), 0);
  return tf.util.bytesPerElement('float32') * batch * timesteps * width;
}

/**
 * The sequence of a built-in layer's call, if the layer's own code need not run it, as it would compute the same; else null.
 */
function sequenceToTakeOver(layer: tf.layers.RNN, { inputs, kwargs, isReplaced }: LayerCall): Sequence | null {
  if (isReplaced || isExplicitLSTM(layer)) return null;
  const call = readBuiltInCall(builtInClasses(), layer, inputs, kwargs);
  if (typeof call === 'string') return null;
  const { cells, sequence } = call;
  // What it makes of integers is its own affair.
  const areFloats = [sequence.x, ...(sequence.states ?? [])].every(({ dtype }) => dtype === 'float32');
  return areFloats && passesOverMaskedSteps(cells, sequence) ? sequence : null;
}

/** Between these, activations are at any number. */
const BOUNDED = ['tanh', 'sigmoid', 'hardSigmoid', 'softsign'];

/** Products of such numbers, and sums of as many as there may be, are finite. */
const LARGE = 1e15;

/**
 * Whether a built-in layer's own code passes over masked steps, as this package's does. It multiplies them by 0, so that it
 * does where all that is there is finite: a NaN goes on into later steps and layers.
 */
function passesOverMaskedSteps(cells: BuiltInCall['cells'], { x, states, mask }: Sequence): boolean {
  if (mask === null) return true;
  // By other numbers than 0 and 1 it mixes; and what webgpu computes cannot be read at once.
  if (mask.dtype !== 'bool' || tf.getBackend() === 'webgpu') return false;
  const toRun = cells.map(cellToRun);
  const areBounded = toRun.every(
    ({ ownEquations, activation, recurrentActivation }) =>
      ownEquations === 'none' && [activation, recurrentActivation].every((one) => BOUNDED.includes(one.getClassName())),
  );
  if (!areBounded) return false;
  const weights = toRun.flatMap(({ kernel, recurrentKernel, bias }) =>
    [kernel, recurrentKernel, ...(bias === null ? [] : [bias])].map((weight) => weight.read()),
  );
  const areSmall = tf.tidy(() => {
    const small = [x, ...(states ?? []), ...weights].map((tensor) => tf.all(tf.less(tf.abs(tensor), LARGE)));
    return tf.all(tf.stack(small)).dataSync();
  });
  return areSmall[0] === 1;
}

/** @param cells The layer's only one, or those of its stack. */
function runTakenOver(layer: tf.layers.RNN, cells: readonly FoundLSTM['lstmCell'][], sequence: Sequence): Tensors {
  const wanted = {
    where: 'LSTM.call',
    layer: layer.name,
    useFused: 'auto',
    isTraining: false,
    keepsGates: true,
  } as const;
  const { mask } = sequence;
  let [batch, timesteps, features] = sequence.x.shape;
  const onKernels = cells.map((cell) => {
    const toRun = cellToRun(cell);
    const { fusedKernel } = chooseForSequence(toRun, { x: { shape: [batch, timesteps, features] }, mask }, wanted);
    features = toRun.widthOf('h');
    return { cell, fusedKernel };
  });
  return runForeign(layer, onKernels, sequence, false);
}

/** Whether tfjs's own code takes a layer's cell through the very steps of what the layer is given. */
function isSteppedByTfjs(layer: tf.layers.RNN): boolean {
  if (isExplicitLSTM(layer)) return false;
  // An accelerated layer runs as a whole, unless somebody's own `call` is on its cell.
  if (isBuiltInLSTM(layer)) return !isBuiltInAccelerated();
  return layer.constructor === tf.layers.RNN;
}

/** Whether a cell is tfjs's, and its `call` tfjs's own. */
function isOwnStep(cell: FoundLSTM['lstmCell']): cell is BuiltInCell {
  return isBuiltInLSTMCell(cell) && !Object.hasOwn(cell, 'call');
}

/** tfjs's own cells broadcast, and take integers. */
function fitsOwnStep(cell: BuiltInCell, inputs: tf.Tensor[]): inputs is StepInputs {
  const batch = inputs[0]?.shape[0];
  const widths = [cell.kernel.shape[0], cell.units, cell.units];
  return (
    inputs.length === widths.length &&
    inputs.every(
      ({ dtype, shape }, n) => dtype === 'float32' && tf.util.arraysEqual(shape, [batch, widths[n]] as number[]),
    )
  );
}

/** Takes a step, and keeps what it computes, where it is told what for. */
type TakeStep = (steps: ComputedSteps | null) => Tensors;

/**
 * Goes around each step that tfjs takes a cell through.
 *
 * @param isComputedWanted Has tfjs's own cell take its steps where observers see them.
 * @returns What ends that.
 */
function hookSteps(
  cell: FoundLSTM['lstmCell'],
  isComputedWanted: boolean,
  around: (inputs: tf.Tensor[], step: TakeStep) => Tensors,
): () => void {
  const ownCell = isComputedWanted && isOwnStep(cell) ? cell : null;
  let steps: ComputedSteps | null = null;
  let shown: tf.Tensor[] = [];
  const endObserving = observe(cell, {
    afterStep: (_, step) => {
      shown = Object.values(step);
      steps?.add(step);
    },
  });
  const unhook = hookMethod(cell as tf.layers.RNNCell, 'call', (call) => (inputs, kwargs) => {
    const list = [inputs].flat();
    return around(list, (stepsToKeep) => {
      steps = stepsToKeep;
      const isOwn = ownCell !== null && fitsOwnStep(ownCell, list);
      const outputs = isOwn ? stepForeign(ownCell, list) : call(inputs, kwargs);
      // A class of somebody's own may return something else than its step computed.
      if (![outputs].flat().every((output) => shown.includes(output))) steps?.giveUp();
      return outputs;
    });
  });
  return () => {
    unhook();
    endObserving();
  };
}

/**
 * Runs stacked cells over the whole sequence, one after the other, where they then compute what tfjs's own code has them
 * compute. At a masked step a cell is then given the state that the one below has kept, not what that would compute there.
 *
 * Stepped, some forty times as slow, are stacks with a cell that is no LSTM's, such as a GRU's; that has a `call` of its own
 * or is observed by others; or that is to be traced in some units, and has too many to hold all; and masked stacks where
 * `passesOverMaskedSteps` does not know that tfjs's code passes over masked steps.
 *
 * @param calls Gets those of the cells.
 * @returns Null where tfjs itself is to take them through the steps, or nobody wants what they compute.
 */
function runStackTakenOver(
  lstms: FoundLSTM[],
  layerCall: LayerCall,
  { watch, keptUnits }: Wishes,
  calls: LSTMCall[],
): Tensors | null {
  if (keptUnits === undefined) return null;
  const { layer } = lstms[0] as FoundLSTM;
  const sequence = sequenceToTakeOver(layer, layerCall);
  if (sequence === null) return null;
  // Others may want to see each step, or to edit it.
  const canBeWhole = lstms.every(
    (lstm) => observersOf(lstm.lstmCell).length === 0 && canHoldAll(lstm, sequence, keptUnits(lstm)),
  );
  if (!canBeWhole) return null;
  const afterSequence: SequenceObserver['afterSequence'] = (given, result, recorded) => {
    const lstm = lstms[calls.length] as FoundLSTM;
    const below = calls.at(-1);
    // What a cell hands up is in the order of processing.
    const x = below !== undefined && layer.goBackwards ? tf.reverse(given.x, 1) : given.x;
    const call = newCall(lstm, { ...given, x, mask: sequence.mask }, null);
    calls.push(call);
    call.computed = computedAtOnce(result, keptUnits(lstm));
    goBackOver(call, recorded, watch);
    if (below === undefined || watch === undefined || isGoneBackOver(below)) return;
    watch(given.x);
    (below.returned[0] as Returned).handedUp = { sequence: given.x };
  };
  const ends = [...new Set(lstms.map(({ lstmCell }) => lstmCell))].map((cell) =>
    observe(cell, { keepsGates: true, afterSequence }),
  );
  try {
    return runTakenOver(
      layer,
      lstms.map(({ lstmCell }) => lstmCell),
      sequence,
    );
  } finally {
    for (const end of ends) end();
  }
}

/**
 * tfjs takes stacked cells through the steps, all of them at each, so that what they are given and what they compute is
 * taken from the steps. The mask is the layer's.
 */
function followStackedCells(
  lstms: FoundLSTM[],
  given: Sequence,
  wishes: Wishes,
  run: () => Tensors,
  calls: LSTMCall[],
): Tensors {
  const lastCell = leafCells((lstms[0] as FoundLSTM).layer).length - 1;
  const stacked = lstms.map((lstm) => new StackedCell(lstm, given, wishes, lstm.cell === lastCell));
  const ends: (() => void)[] = [];
  try {
    for (const cell of new Set(lstms.map(({ lstmCell }) => lstmCell))) {
      // One cell may stand in a stack several times: by turns.
      const uses = stacked.filter(({ lstm }) => lstm.lstmCell === cell);
      let count = 0;
      const around = (inputs: tf.Tensor[], step: TakeStep) => {
        const use = uses[count % uses.length] as StackedCell;
        count += 1;
        return use.around(inputs, step);
      };
      ends.push(hookSteps(cell, wishes.keptUnits !== undefined, around));
    }
    const outputs = run();
    for (const one of stacked) calls.push(one.toCall());
    return outputs;
  } finally {
    for (const end of ends.reverse()) end();
    for (const one of stacked) one.dispose();
  }
}

/** One of a layer's stacked cells while the layer runs. */
class StackedCell {
  /** [B, D] each, in the order of processing. */
  private readonly xs: tf.Tensor[] = [];
  private states: tf.Tensor[] = [];
  /** Null where it is not wanted. */
  private computed: ComputedSteps | null;
  /** What is added to what the cell hands up, and its steps; null where nobody watches that. */
  private readonly added: { sequences: tf.Tensor[]; steps: tf.Tensor[] } | null;

  constructor(
    readonly lstm: FoundLSTM,
    private readonly given: Sequence,
    private readonly wishes: Wishes,
    isLast: boolean,
  ) {
    const { keptUnits, watch } = wishes;
    this.computed = keptUnits === undefined ? null : new ComputedSteps(keptUnits(lstm));
    this.added = watch === undefined || isLast ? null : { sequences: [], steps: [] };
    const [batch, timesteps] = given.x.shape;
    // One tensor for all steps: of many that are watched, tfjs takes time in their square.
    this.addZeros([timesteps, batch, lstm.lstmCell.units]);
  }

  /** @param inputs [x, h, c]. */
  around([x, ...states]: tf.Tensor[], step: TakeStep): Tensors {
    if (this.xs.length === 0) this.states = states.map(keptCopy);
    const n = this.xs.push(keptCopy(x as tf.Tensor)) - 1;
    const outputs = step(this.computed);
    if (this.added === null) return outputs;
    const [output, ...newStates] = outputs as [tf.Tensor, ...tf.Tensor[]];
    // More steps than the layer was given take a layer of somebody's own.
    if (this.added.steps.length === n) this.addZeros([1, ...output.shape]);
    return [tf.add(output, this.added.steps[n] as tf.Tensor), ...newStates];
  }

  /** The call that the steps make up. */
  toCall(): LSTMCall {
    const { lstm, given, xs, states, computed } = this;
    const x = tf.stack(lstm.layer.goBackwards ? [...xs].reverse() : xs, 1) as tf.Tensor3D;
    const sequence: Sequence = { ...given, x, states: states as Sequence['states'] };
    const call = newCall(lstm, sequence, this.added && { addedToSteps: this.added.sequences });
    x.dispose();
    if (computed?.isWhole(xs.length)) {
      call.computed = computed;
      this.computed = null;
    }
    return call;
  }

  dispose(): void {
    tf.dispose([...this.xs, ...this.states]);
    this.computed?.dispose();
  }

  private addZeros(shape: number[]): void {
    if (this.added === null) return;
    const zeros = tf.zeros(shape);
    this.wishes.watch?.(zeros);
    this.added.sequences.push(zeros);
    this.added.steps.push(...unstackSteps(zeros));
  }
}

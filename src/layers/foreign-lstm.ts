import * as tf from '@tensorflow/tfjs';
import { booleanMask, reversedMask } from '../core/mask.js';
import { GATE_NAMES } from '../core/quantities.js';
import type { ScanOptions } from '../core/scan.js';
import { activationOfGate, projectInput, type States, stepFromProjectedInput } from '../core/step.js';
import { tidy } from '../core/tidy.js';
import { type DropoutMasks, NO_DROPOUT } from '../core/weighted-sum.js';
import { weightsFor } from '../core/weights.js';
import type { FusedKernel } from '../fused/fused-kernel.js';
import { isBuiltInLSTM, isBuiltInLSTMCell } from '../host/built-in-classes.js';
import type { BuiltInCell } from '../host/types.js';
import { type StepInputs, showStep } from '../sequence/observe.js';
import { type CallArguments, readCallOf } from '../sequence/read-call.js';
import { runSequence } from '../sequence/run-sequence.js';
import type { LSTMToRun, Sequence, SequenceCell } from '../sequence/sequence.js';
import { LSTM_BRAND, LSTM_CELL_BRAND } from './brand.js';
import { type DropoutFunction, drawDropoutMasks, dropoutFunction } from './dropout.js';
import { keptDropoutMasks } from './kept-dropout.js';
import type { LSTM } from './lstm.js';
import type { AnyLSTMCell } from './lstm-cell.js';

/** A layer that computes an LSTM: of this package, of tfjs, or tfjs's RNN over one cell of either. */
export type LSTMLike = tf.layers.RNN & { cell: AnyLSTMCell | BuiltInCell };

export function isExplicitLSTM(layer: tf.layers.Layer): layer is LSTM {
  return LSTM_BRAND in layer;
}

/** Whether a cell is an LSTM's, of this package or of tfjs. */
export function isLSTMCell(cell: tf.layers.Layer): cell is AnyLSTMCell | BuiltInCell {
  return LSTM_CELL_BRAND in cell || isBuiltInLSTMCell(cell);
}

/** Whether a layer computes one LSTM. */
export function isLSTMLike(layer: tf.layers.Layer): layer is LSTMLike {
  if (isExplicitLSTM(layer) || isBuiltInLSTM(layer)) return true;
  const { cell } = layer as Partial<LSTMLike>;
  return layer.getClassName() === 'RNN' && cell !== undefined && isLSTMCell(cell);
}

const made = new WeakMap<BuiltInCell, SequenceCell>();

/**
 * What runs in the place of a cell: the cell itself if it is of this package, else one that computes the six equations
 * with the very weights, activations and rates that tfjs's cell has at the moment.
 */
export function cellToRun(cell: AnyLSTMCell | BuiltInCell): SequenceCell {
  if (LSTM_CELL_BRAND in cell) return cell as AnyLSTMCell;
  const known = made.get(cell);
  if (known !== undefined) return known;
  // Everything not listed here belongs to tfjs's cell.
  const own: SequenceCell = Object.create(cell, {
    ownEquations: { value: 'none' },
    gateNames: { value: GATE_NAMES },
    stateNames: { value: ['h', 'c'] },
    widthOf: { value: () => cell.units },
    weightFacts: { get: () => weightsFor(cell) },
    gateActivation: { value: (gate: string) => activationOfGate(cell, gate) },
    bias: { get: () => cell.bias ?? null },
    candidateDropout: { value: 0 },
    zoneout: { value: 0 },
    zoneoutCell: { value: 0 },
    projectInput: { value: (x, masks) => projectInput(own, x, masks) } as TypedPropertyDescriptor<
      SequenceCell['projectInput']
    >,
    stepFromProjectedInput: {
      value: (projected, states, masks) => stepFromProjectedInput(own, projected, states, masks),
    } as TypedPropertyDescriptor<SequenceCell['stepFromProjectedInput']>,
    step: {
      value: (x, states) => tidy(() => own.stepFromProjectedInput(own.projectInput(x, []), states, [])),
    } as TypedPropertyDescriptor<SequenceCell['step']>,
    drawDropoutMasks: { value: (batch: number) => drawFirstMasks(cell, batch) },
  });
  made.set(cell, own);
  return own;
}

/** The built-in draws four dropout masks and uses the first for all gates. A rate that it clipped to 1 drops nothing. */
function drawFirstMasks(cell: BuiltInCell, batch: number): DropoutMasks {
  const [features] = cell.kernel.shape as [number, number];
  const effective = (rate: number) => (rate < 1 ? rate : 0);
  const rates = {
    gateNames: GATE_NAMES,
    dropout: effective(cell.dropout),
    recurrentDropout: effective(cell.recurrentDropout),
  };
  const draw = (cell.dropoutFunc as DropoutFunction | undefined) ?? dropoutFunction(undefined);
  const { input, recurrent } = drawDropoutMasks(rates, draw, [batch, features], [batch, cell.units]);
  return { input: input.slice(0, 1), recurrent: recurrent.slice(0, 1) };
}

/** An LSTM layer of whatever kind, built. */
export function lstmToRun({ name, cell, goBackwards, stateful, states }: LSTMLike): LSTMToRun {
  return { name, cell: cellToRun(cell), goBackwards, states: stateful ? (states as States) : null };
}

type Tensors = tf.Tensor | tf.Tensor[];

/** One of a layer's cells, and what it runs on: null for plain ops. */
export interface CellOnKernel {
  cell: AnyLSTMCell | BuiltInCell;
  fusedKernel: FusedKernel | null;
}

/**
 * Runs a tfjs layer on a sequence: sets its states, and returns what the layer would.
 *
 * Stacked cells run over the whole sequence one after the other, which is the same as all of them at each step: a step of a
 * cell takes nothing from the cell below but what that put out at this very step.
 *
 * @param cells The layer's only one, or those of its stack, the first to run first.
 * @param sequence With the states of all cells, in the layer's order: those of the last cell come first.
 */
export function runForeign(
  layer: tf.layers.RNN,
  cells: readonly CellOnKernel[],
  sequence: Sequence,
  isTraining: boolean,
): Tensors {
  const { returnSequences, returnState, goBackwards, stateful } = layer;
  return tidy(() => {
    const [batch] = sequence.x.shape;
    const [top] = cells.slice(-1) as [CellOnKernel];
    let { x, mask } = sequence;
    let statesLeft = sequence.states;
    let readsBackwards = goBackwards;
    let lastOutput: tf.Tensor2D | null = null;
    let outputs: tf.Tensor3D | null = null;
    let newStates: tf.Tensor2D[] = [];
    for (const one of cells) {
      const cell = cellToRun(one.cell);
      const count = cell.stateNames.length;
      const options: ScanOptions = {
        goBackwards: readsBackwards,
        zeroOutputForMask: false,
        keepOutputs: one !== top || returnSequences,
        keepGates: false,
      };
      const dropoutMasks = dropoutMasksFor(layer, one.cell, batch, isTraining);
      const states = statesLeft?.slice(-count) ?? null;
      const result = runSequence(one.fusedKernel, cell, { x, states, mask, dropoutMasks }, options);
      statesLeft = statesLeft?.slice(0, -count) ?? null;
      newStates = [...result.states, ...newStates];
      ({ lastOutput, outputs } = result);
      if (one === top) break;
      // What a cell puts out is in the order of processing already.
      x = outputs as tf.Tensor3D;
      if (readsBackwards && mask !== null) mask = reversedMask(booleanMask(mask));
      readsBackwards = false;
    }
    // Told that this is training, it would keep the old states for ever. A gradient tape keeps its own references.
    if (stateful) layer.resetStates([...newStates], false);
    const output = (outputs ?? lastOutput) as tf.Tensor;
    if (!returnState) return output;
    // Two outputs may not be one tensor: tfjs's executor disposes an output as soon as nobody needs it any more.
    return [output, ...newStates.map((state) => ((state as tf.Tensor) === output ? tf.clone(state) : state))];
  });
}

function dropoutMasksFor(
  layer: tf.layers.RNN,
  cell: AnyLSTMCell | BuiltInCell,
  batch: number,
  isTraining: boolean,
): DropoutMasks {
  if (LSTM_CELL_BRAND in cell) return isTraining ? (cell as AnyLSTMCell).drawDropoutMasks(batch) : NO_DROPOUT;
  const builtIn = cell as BuiltInCell;
  // The LSTM layer disposes at each call what its cell has kept.
  if (!isBuiltInLSTM(layer)) return keptDropoutMasks(builtIn, batch, isTraining);
  disposeOwnDropoutMasks(builtIn);
  return isTraining ? cellToRun(builtIn).drawDropoutMasks(batch) : NO_DROPOUT;
}

/** The built-in keeps those of its last call until the next one. */
function disposeOwnDropoutMasks(cell: object): void {
  const holder = cell as { dropoutMask?: unknown; recurrentDropoutMask?: unknown };
  if (holder.dropoutMask == null && holder.recurrentDropoutMask == null) return;
  tf.dispose([holder.dropoutMask, holder.recurrentDropoutMask] as tf.TensorContainer);
  holder.dropoutMask = null;
  holder.recurrentDropoutMask = null;
}

/**
 * Calls a tfjs layer on plain ops, where the observers of its cell see and replace what it computes.
 *
 * @throws RangeError for inputs that break their rule.
 */
export function callForeign(where: string, layer: LSTMLike, inputs: Tensors, kwargs: CallArguments): Tensors {
  const sequence = readCallOf(where, lstmToRun(layer), inputs, kwargs);
  return runForeign(layer, [{ cell: layer.cell, fusedKernel: null }], sequence, kwargs.training === true);
}

/**
 * Takes a tfjs cell through one step, without dropout, where the observers of the cell see what it computes.
 *
 * @param inputs `[x, h, c]`: `[B, D]`, `[B, U]`, `[B, U]`, all float32.
 * @returns What the cell would: `[h', h', c']`, each `[B, U]`.
 */
export function stepForeign(cell: BuiltInCell, inputs: StepInputs): tf.Tensor[] {
  const [x, h, c] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  return tidy(() => {
    const step = cellToRun(cell).step(x, [h, c]);
    showStep(cell, inputs, step);
    return ['h', 'h', 'c'].map((name) => step[name] as tf.Tensor2D);
  });
}

import * as tf from '@tensorflow/tfjs';
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

/**
 * Runs a tfjs layer on a sequence: sets its states, and returns what the layer would.
 *
 * @param fusedKernel Null for plain ops.
 */
export function runForeign(
  fusedKernel: FusedKernel | null,
  layer: LSTMLike,
  sequence: Sequence,
  isTraining: boolean,
): Tensors {
  const { returnSequences, returnState, goBackwards, stateful } = layer;
  const cell = cellToRun(layer.cell);
  return tidy(() => {
    disposeOwnDropoutMasks(layer.cell);
    const dropoutMasks = isTraining ? cell.drawDropoutMasks(sequence.x.shape[0]) : NO_DROPOUT;
    const options: ScanOptions = {
      goBackwards,
      zeroOutputForMask: false,
      keepOutputs: returnSequences,
      keepGates: false,
    };
    const { lastOutput, outputs, states } = runSequence(fusedKernel, cell, { ...sequence, dropoutMasks }, options);
    // Told that this is training, it would keep the old states for ever. A gradient tape keeps its own references.
    if (stateful) layer.resetStates([...states], false);
    const output = outputs ?? lastOutput;
    // Two outputs may not be one tensor: tfjs's executor disposes an output as soon as nobody needs it any more.
    const [h, ...others] = states as [tf.Tensor2D, ...tf.Tensor2D[]];
    return returnState ? [output, h === output ? tf.clone(h) : h, ...others] : output;
  });
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
  return runForeign(null, layer, sequence, kwargs.training === true);
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

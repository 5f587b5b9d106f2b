import * as tf from '@tensorflow/tfjs';
import { booleanMask } from '../core/mask.js';
import { CHECKED_LATER, checkOptions, type OptionRules } from '../core/options.js';
import { type ByGate, quantitiesOf } from '../core/quantities.js';
import type { ScanOptions, SequencesByName } from '../core/scan.js';
import { sharing } from '../core/sharing.js';
import { tidy } from '../core/tidy.js';
import type { Choice, UseFused } from '../fused/choose.js';
import type { FusedKernel } from '../fused/fused-kernel.js';
import { sharingData } from '../host/sharing-data.js';
import { readCallOf, requireUnits } from '../sequence/read-call.js';
import { chooseForSequence, runSequence } from '../sequence/run-sequence.js';
import { type LSTMToRun, type Sequence, type SequenceCell, statesBefore } from '../sequence/sequence.js';

/**
 * Every gate and state of every unit at every timestep. Each sequence is [B, T, U], and its index t is the input's
 * timestep, even if the layer reads backwards. At masked steps the states keep their values, and gates that
 * are no states are 0.
 *
 * A variant's cell may have other gates and states, of other widths: `gates` and `states` have them all by name, and
 * i, f, g, o, c and h are there where the cell has them.
 *
 * The caller owns the tensors and frees them with `dispose()`.
 */
export interface GateTrace extends ByGate<tf.Tensor3D> {
  /** Cell state, [B, T, U]. */
  c: tf.Tensor3D;
  /** Hidden state, [B, T, U]. */
  h: tf.Tensor3D;
  /** Hidden state before the first step processed, [B, U]. */
  h0: tf.Tensor2D;
  /** Cell state before the first step processed, [B, U]. */
  c0: tf.Tensor2D;
  /** The cell's gates by name, in its order, each [B, T, width]: i, f, g and o of the plain LSTM. */
  gates: SequencesByName;
  /** The cell's states by name, in its order, each [B, T, width]: h and c of the plain LSTM. */
  states: SequencesByName;
  /** The states before the first step processed, by name, each [B, width]. */
  initialStates: Readonly<Record<string, tf.Tensor2D>>;
  /** [B, T], bool: false at masked steps; null without a mask. */
  mask: tf.Tensor2D | null;
  /** The number of units in the trace: U. */
  units: number;
  /** The indices of these units in the layer, in this order; absent if the trace has all units. */
  unitIndices?: readonly number[];
  /** The name of φ, which is applied to the candidate and to the cell state in the output. */
  activation: string;
  /** The name of σ, the activation of the input, forget and output gates. */
  recurrentActivation: string;
  /** The name of each gate's activation, in the order of the gates; null where the cell does not say. */
  gateActivations?: Readonly<Record<string, string | null>>;
  dispose(): void;
}

/** The options of `traceLayer`. */
export interface TraceOptions {
  /** The states before the first step: h and c, each [B, U], of the plain LSTM. Default: a stateful layer's states, else zeros. */
  initialState?: tf.Tensor[] | null | undefined;
  /** [B, T]; steps at 0 are masked. Default: no step is masked. */
  mask?: tf.Tensor | null | undefined;
  /**
   * Indices of the n units to keep: the trace is then [B, T, n], in this order. The other units are computed too, but not
   * kept. Default: all.
   */
  units?: readonly number[] | null | undefined;
}

// What the tensors and the units must be depends on the layer.
export const TRACE_RULES: OptionRules = { initialState: CHECKED_LATER, mask: CHECKED_LATER, units: CHECKED_LATER };

/**
 * Traces a call of a layer in inference mode.
 *
 * @throws RangeError for an input or an option that breaks its rule.
 */
export function traceLSTM(
  where: string,
  layer: LSTMToRun,
  x: unknown,
  options: TraceOptions,
  useFused: UseFused = 'auto',
): { trace: GateTrace; implementation: Choice['implementation'] } {
  checkOptions(where, options, TRACE_RULES);
  const { initialState, mask, units } = options;
  const { name, cell, goBackwards } = layer;
  const sequence = readCallOf(where, layer, x, { initialState, mask });
  if (units != null) requireUnits(where, { name, cell }, units);
  const wanted = { where, layer: name, useFused, isTraining: false, keepsGates: true };
  const { fusedKernel, implementation } = chooseForSequence(cell, sequence, wanted);
  const trace = traceSequence(fusedKernel, cell, sequence, { goBackwards, keptUnits: units ?? undefined });
  return { trace, implementation };
}

/** Runs a sequence and keeps all of it, or all of some units, in the input's time order. The caller owns the tensors. */
export function traceSequence(
  fusedKernel: FusedKernel | null,
  cell: SequenceCell,
  given: Sequence,
  { goBackwards, keptUnits }: Pick<ScanOptions, 'goBackwards' | 'keptUnits'>,
): GateTrace {
  return tidy(() => {
    const { outputs, gates } = runSequence(fusedKernel, cell, given, {
      goBackwards,
      zeroOutputForMask: false,
      keepOutputs: true,
      keepGates: true,
      keptUnits,
    });
    return traceOf(cell, given, { ...gates, h: outputs as tf.Tensor3D }, { goBackwards, keptUnits });
  });
}

/** All that a run computed, by name, each [B, T, width], or [B, T, n] of n kept units, in processing order. */
export type Sequences = SequencesByName;

/** The trace of a run that is over, whose tensors are others than the given ones. To be called within a tidy. */
export function traceOfRun(
  cell: SequenceCell,
  given: Pick<Sequence, 'x' | 'states' | 'mask'>,
  sequences: SequencesByName,
  { goBackwards, keptUnits }: Pick<ScanOptions, 'goBackwards' | 'keptUnits'>,
): GateTrace {
  const copies: Record<string, tf.Tensor3D> = {};
  for (const [name, sequence] of Object.entries(sequences)) copies[name] = sharingData(sequence);
  return traceOf(cell, given, copies, { goBackwards, keptUnits });
}

/**
 * A trace that owns what it is given: sequences in processing order, each [B, T, width], or [B, T, n] of n kept units. To be called
 * within a tidy.
 */
export function traceOf(
  cell: SequenceCell,
  given: Pick<Sequence, 'x' | 'states' | 'mask'>,
  processed: SequencesByName,
  { goBackwards, keptUnits }: Pick<ScanOptions, 'goBackwards' | 'keptUnits'>,
): GateTrace {
  const sequences: Record<string, tf.Tensor3D> = {};
  for (const name of quantitiesOf(cell)) {
    const sequence = processed[name] as tf.Tensor3D;
    sequences[name] = goBackwards ? tf.reverse(sequence, 1) : sequence;
  }
  const initialStates: Record<string, tf.Tensor2D> = {};
  const before = statesBefore(given, cell);
  for (const [n, name] of cell.stateNames.entries()) {
    const state = before[n] as tf.Tensor2D;
    const isNew = given.states === null;
    initialStates[name] = keptUnits === undefined ? (isNew ? state : sharing(state)) : chosenOf(state, keptUnits);
  }
  const gateActivations: Record<string, string | null> = {};
  for (const gate of cell.gateNames) gateActivations[gate] = cell.gateActivation(gate);
  const mask = given.mask === null ? null : booleanMask(given.mask);
  const trace = {
    h0: initialStates.h,
    c0: initialStates.c,
    gates: pick(sequences, cell.gateNames),
    states: pick(sequences, cell.stateNames),
    initialStates,
    mask,
    units: keptUnits?.length ?? cell.units,
    activation: cell.activation.getClassName(),
    recurrentActivation: cell.recurrentActivation.getClassName(),
    gateActivations,
    dispose: () => {
      const { gates, states, initialStates, mask } = trace;
      tf.dispose([
        ...[gates, states, initialStates].flatMap(Object.values<tf.Tensor>),
        ...(mask === null ? [] : [mask]),
      ]);
    },
    // Last: V8 takes twenty times as long to add as many properties after a spread.
    ...sequences,
  } as GateTrace;
  return keptUnits === undefined ? trace : { ...trace, unitIndices: [...keptUnits] };
}

function pick<Value>(values: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> {
  const picked: Record<string, Value> = {};
  for (const name of names) picked[name] = values[name] as Value;
  return picked;
}

function chosenOf(state: tf.Tensor2D, units: readonly number[]): tf.Tensor2D {
  return tf.gather(state, tf.tensor1d([...units], 'int32'), 1);
}

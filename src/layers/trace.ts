import * as tf from '@tensorflow/tfjs';
import { booleanMask } from '../core/mask.js';
import { CHECKED_LATER, checkOptions, type OptionRules } from '../core/options.js';
import type { ByGate } from '../core/quantities.js';
import type { GateSequences, ScanOptions } from '../core/scan.js';
import type { States } from '../core/step.js';
import { tidy } from '../core/tidy.js';
import type { Choice, UseFused } from '../fused/choose.js';
import type { FusedKernel } from '../fused/fused-kernel.js';
import { readCallOf, requireUnits } from '../sequence/read-call.js';
import { chooseForSequence, runSequence } from '../sequence/run-sequence.js';
import { type LSTMToRun, type Sequence, type SequenceCell, statesBefore } from '../sequence/sequence.js';

/**
 * Every gate and state of every unit at every timestep. Each sequence is [B, T, U], and its index t is the input's
 * timestep, even if the layer reads backwards. At masked steps c and h keep their values, and the gates are 0.
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
  dispose(): void;
}

/** The options of `traceLayer`. */
export interface TraceOptions {
  /** h and c before the first step, each [B, U]. Default: the states of a stateful layer, otherwise zeros. */
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
  if (units != null) requireUnits(where, { name, units: cell.units }, units);
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
    const states = statesBefore(given, cell.units);
    const sequence = { ...given, states };
    const { outputs, gates } = runSequence(fusedKernel, cell, sequence, {
      goBackwards,
      zeroOutputForMask: false,
      keepOutputs: true,
      keepGates: true,
      keptUnits,
    });
    return traceOf(cell, sequence, { ...(gates as GateSequences), h: outputs as tf.Tensor3D }, goBackwards, keptUnits);
  });
}

/** All that a run computed, each [B, T, U], or [B, T, n] of n kept units, in processing order. */
export type Sequences = GateSequences & { h: tf.Tensor3D };

/** The trace of a run that is over. The caller owns its tensors, which are others than the given ones. */
export function traceOfRun(
  cell: SequenceCell,
  given: Pick<Sequence, 'x' | 'states' | 'mask'>,
  { i, f, g, o, c, h }: Sequences,
  { goBackwards, keptUnits }: Pick<ScanOptions, 'goBackwards' | 'keptUnits'>,
): GateTrace {
  return tidy(() => {
    const states = statesBefore(given, cell.units);
    const copies = { i: tf.clone(i), f: tf.clone(f), g: tf.clone(g), o: tf.clone(o), c: tf.clone(c), h: tf.clone(h) };
    return traceOf(cell, { mask: given.mask, states }, copies, goBackwards, keptUnits);
  });
}

/** A trace of sequences that are in processing order. */
function traceOf(
  cell: SequenceCell,
  { states, mask: givenMask }: Pick<Sequence, 'mask'> & { states: States },
  processed: Sequences,
  goBackwards: boolean,
  keptUnits: readonly number[] | undefined,
): GateTrace {
  const inInputOrder = (name: keyof Sequences) => (goBackwards ? tf.reverse(processed[name], 1) : processed[name]);
  const trace: GateTrace = {
    i: inInputOrder('i'),
    f: inInputOrder('f'),
    g: inInputOrder('g'),
    o: inInputOrder('o'),
    c: inInputOrder('c'),
    h: inInputOrder('h'),
    h0: unitsOf(states[0], keptUnits),
    c0: unitsOf(states[1], keptUnits),
    mask: givenMask === null ? null : booleanMask(givenMask),
    units: keptUnits?.length ?? cell.units,
    activation: cell.activation.getClassName(),
    recurrentActivation: cell.recurrentActivation.getClassName(),
    dispose: () => {
      const { i, f, g, o, c, h, h0, c0, mask } = trace;
      tf.dispose([i, f, g, o, c, h, h0, c0, ...(mask === null ? [] : [mask])]);
    },
  };
  return keptUnits === undefined ? trace : { ...trace, unitIndices: [...keptUnits] };
}

function unitsOf(state: tf.Tensor2D, units: readonly number[] | undefined): tf.Tensor2D {
  return units === undefined ? tf.clone(state) : tf.gather(state, tf.tensor1d([...units], 'int32'), 1);
}

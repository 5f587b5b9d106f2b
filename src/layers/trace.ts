import * as tf from '@tensorflow/tfjs';
import type { ByGate } from '../core/gates.js';
import { booleanMask } from '../core/mask.js';
import type { GateSequences, ScanOptions } from '../core/scan.js';
import { tidy } from '../core/tidy.js';
import type { FusedKernel } from '../fused/fused-kernel.js';
import type { LSTMCell } from './lstm-cell.js';
import { runSequence, type Sequence, type States } from './run-sequence.js';

/**
 * Every gate and state of every unit at every timestep. Each sequence is [B, T, U], and its index t is the input's
 * timestep, also where the layer reads backwards. At a masked step c and h carry the previous state, and gates are 0.
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
  /** Which units of the layer these are, in this order; absent when they are all. */
  unitIndices?: readonly number[];
  /** Name of φ, of the candidate and of the cell state on its way out. */
  activation: string;
  /** Name of σ, of the input, forget and output gates. */
  recurrentActivation: string;
  dispose(): void;
}

export interface TraceOptions {
  /** h and c before the first step, each [B, U]. Default: a stateful layer's states, else zeros. */
  initialState?: tf.Tensor[] | null | undefined;
  /** [B, T]; 0 is masked. */
  mask?: tf.Tensor | null | undefined;
  /**
   * Indices of the units to keep, n of them: the trace is then [B, T, n], in this order. The others are computed as
   * well, but not held. Default: all.
   */
  units?: readonly number[] | null | undefined;
}

export const TRACE_OPTIONS = ['initialState', 'mask', 'units'];

/** Runs a sequence and keeps all of it, or all of some units, in the input's time order. The caller owns the tensors. */
export function traceSequence(
  kernel: FusedKernel | null,
  cell: LSTMCell,
  sequence: Sequence,
  { goBackwards, keptUnits }: Pick<ScanOptions, 'goBackwards' | 'keptUnits'>,
): GateTrace {
  return tidy(() => {
    const { outputs, gates } = runSequence(kernel, cell, sequence, {
      goBackwards,
      zeroOutputForMask: false,
      keepOutputs: true,
      keepGates: true,
      keptUnits,
    });
    const { i, f, g, o, c } = gates as GateSequences;
    const [h0, c0] = sequence.states.map((state) => unitsOf(state, keptUnits)) as States;
    const mask = sequence.mask === null ? null : booleanMask(sequence.mask);
    const inInputOrder = (steps: tf.Tensor3D) => (goBackwards ? tf.reverse(steps, 1) : steps);
    const sequences = { i, f, g, o, c, h: outputs as tf.Tensor3D };
    for (const name of Object.keys(sequences) as (keyof typeof sequences)[]) {
      sequences[name] = inInputOrder(sequences[name]);
    }
    return {
      ...sequences,
      ...{ h0, c0, mask },
      units: keptUnits?.length ?? cell.units,
      ...(keptUnits === undefined ? {} : { unitIndices: [...keptUnits] }),
      activation: cell.activation.getClassName(),
      recurrentActivation: cell.recurrentActivation.getClassName(),
      dispose: () => tf.dispose([...Object.values(sequences), h0, c0, ...(mask === null ? [] : [mask])]),
    };
  });
}

function unitsOf(state: tf.Tensor2D, units: readonly number[] | undefined): tf.Tensor2D {
  return units === undefined ? tf.clone(state) : tf.gather(state, tf.tensor1d([...units], 'int32'), 1);
}

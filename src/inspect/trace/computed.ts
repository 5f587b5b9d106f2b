import * as tf from '@tensorflow/tfjs';
import { booleanMask } from '../../core/mask.js';
import { type GateSequences, type ScanResult, scan } from '../../core/scan.js';
import type { LSTMStep, States } from '../../core/step.js';
import { tidy } from '../../core/tidy.js';
import type { Sequences } from '../../layers/trace.js';
import { type Sequence, zeroStates } from '../../sequence/sequence.js';

/** What a run of a model computed in one call of an LSTM, in tensors that no scope disposes. */
export interface Computed {
  /** As sequences, in processing order. To be called within a tidy. */
  sequences(given: Sequence, goBackwards: boolean): Sequences;
  dispose(): void;
}

/** What a sequence gave that was run as a whole. */
export function computedAtOnce({ outputs, gates }: ScanResult, units: readonly number[] | undefined): Computed {
  const copies = keptCopies<Sequences>({ ...(gates as GateSequences), h: outputs as tf.Tensor3D }, units);
  return { sequences: () => copies, dispose: () => tf.dispose(Object.values(copies)) };
}

/** What steps gave that somebody else took a cell through, one by one. */
export class ComputedSteps implements Computed {
  private readonly steps: LSTMStep[] = [];
  private isGivenUp = false;

  constructor(private readonly units: readonly number[] | undefined) {}

  /** Whether these are all the steps of a sequence, and all that they gave. */
  isWhole(timesteps: number): boolean {
    return !this.isGivenUp && this.steps.length === timesteps;
  }

  /** To be told each step, in the order of processing, before anything is masked. */
  add(step: LSTMStep): void {
    this.steps.push(keptCopies(step, this.units));
  }

  /** To be told where a step gave something else than it computed. */
  giveUp(): void {
    this.isGivenUp = true;
  }

  /** By a scan over steps that are computed already, which masks and joins them as it does any others. */
  sequences(given: Sequence, goBackwards: boolean): Sequences {
    const { steps, units } = this;
    const [batch, width] = (steps[0] as LSTMStep).h.shape;
    const before = given.states?.map((state) => chosen(state, units)) ?? zeroStates(batch, width);
    const [h0, c0] = before as States;
    const inTimeOrder = goBackwards ? [...steps].reverse() : steps;
    const { outputs, gates } = scan(
      (_input, _states, t) => inTimeOrder[t] as LSTMStep,
      { stepInputs: inTimeOrder.map(({ h }) => h), h0, c0, mask: given.mask && booleanMask(given.mask) },
      { goBackwards, zeroOutputForMask: false, keepOutputs: true, keepGates: true },
    );
    return { ...(gates as GateSequences), h: outputs as tf.Tensor3D };
  }

  dispose(): void {
    tf.dispose(this.steps.flatMap((step) => Object.values(step)));
    this.steps.length = 0;
  }
}

function keptCopies<Tensors extends { [Name in keyof Tensors]: tf.Tensor }>(
  tensors: Tensors,
  units: readonly number[] | undefined,
): Tensors {
  return tidy(() => {
    const copies: Record<string, tf.Tensor> = {};
    for (const [name, tensor] of Object.entries<tf.Tensor>(tensors)) copies[name] = tf.keep(chosen(tensor, units));
    return copies as Tensors;
  });
}

/** A copy, of some of the units, of what ends in them all. */
function chosen<T extends tf.Tensor>(tensor: T, units: readonly number[] | undefined): T {
  if (units === undefined) return tf.clone(tensor);
  return tf.gather(tensor, tf.tensor1d([...units], 'int32'), tensor.rank - 1) as T;
}

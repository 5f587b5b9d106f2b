import * as tf from '@tensorflow/tfjs';
import { booleanMask } from '../../core/mask.js';
import type { SizedCell } from '../../core/quantities.js';
import { type ScanResult, type SequencesByName, scan } from '../../core/scan.js';
import type { CellStep } from '../../core/step.js';
import { tidy } from '../../core/tidy.js';
import { sharingData } from '../../host/sharing-data.js';
import { type Sequence, zeroStates } from '../../sequence/sequence.js';

/** What a run of a model computed in one call of an LSTM, in tensors that no scope disposes. */
export interface Computed {
  /** As sequences, in processing order. To be called within a tidy. */
  sequences(cell: SizedCell, given: Sequence, goBackwards: boolean): SequencesByName;
  dispose(): void;
}

/** What a sequence gave that was run as a whole. */
export function computedAtOnce({ outputs, gates }: ScanResult, units: readonly number[] | undefined): Computed {
  const copies = keptCopies<tf.Tensor3D>({ ...gates, h: outputs as tf.Tensor3D }, units);
  return { sequences: () => copies, dispose: () => tf.dispose(Object.values(copies)) };
}

/** What steps gave that somebody else took a cell through, one by one. */
export class ComputedSteps implements Computed {
  private readonly steps: CellStep[] = [];
  private isGivenUp = false;

  constructor(private readonly units: readonly number[] | undefined) {}

  /** Whether these are all the steps of a sequence, and all that they gave. */
  isWhole(timesteps: number): boolean {
    return !this.isGivenUp && this.steps.length === timesteps;
  }

  /** To be told each step, in the order of processing, before anything is masked. */
  add(step: CellStep): void {
    this.steps.push(keptCopies(step, this.units));
  }

  /** To be told where a step gave something else than it computed. */
  giveUp(): void {
    this.isGivenUp = true;
  }

  /** By a scan over steps that are computed already, which masks and joins them as it does any others. */
  sequences(whole: SizedCell, given: Sequence, goBackwards: boolean): SequencesByName {
    const { steps, units } = this;
    const cell = units === undefined ? whole : ofUnits(whole, units.length);
    const states = given.states?.map((state) => chosen(state, units)) ?? zeroStates(given.x.shape[0], cell);
    const inTimeOrder = goBackwards ? [...steps].reverse() : steps;
    const { outputs, gates } = scan(
      cell,
      (_input, _states, t) => inTimeOrder[t] as CellStep,
      { stepInputs: inTimeOrder.map(({ h }) => h as tf.Tensor2D), states, mask: given.mask && booleanMask(given.mask) },
      { goBackwards, zeroOutputForMask: false, keepOutputs: true, keepGates: true },
    );
    return { ...gates, h: outputs as tf.Tensor3D };
  }

  dispose(): void {
    tf.dispose(this.steps.flatMap((step) => Object.values(step)));
    this.steps.length = 0;
  }
}

/** A cell of some of another one's units, all of whose quantities have as many. */
function ofUnits({ gateNames, stateNames }: SizedCell, units: number): SizedCell {
  return { gateNames, stateNames, units, widthOf: () => units };
}

function keptCopies<T extends tf.Tensor>(
  tensors: Readonly<Record<string, T>>,
  units: readonly number[] | undefined,
): Record<string, T> {
  return tidy(() => {
    const copies: Record<string, T> = {};
    for (const [name, tensor] of Object.entries(tensors)) copies[name] = tf.keep(chosen(tensor, units));
    return copies;
  });
}

/** A copy, of some of the units, of what ends in them all. */
function chosen<T extends tf.Tensor>(tensor: T, units: readonly number[] | undefined): T {
  if (units === undefined) return sharingData(tensor);
  return tf.gather(tensor, tf.tensor1d([...units], 'int32'), tensor.rank - 1) as T;
}

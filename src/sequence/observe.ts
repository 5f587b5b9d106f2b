import type * as tf from '@tensorflow/tfjs';
import type { ScanResult } from '../core/scan.js';
import type { CellStep, States } from '../core/step.js';
import type { RecordedRun } from '../fused/run-fused.js';
import type { Sequence } from './sequence.js';

/** From what a step computed and the states before it to what the step is to have computed; `t` as in the input. */
export type StepEdit = (computed: CellStep, states: States, t: number) => CellStep;

/** Looks into a cell as it runs over sequences: reads what it computes, or replaces it. */
export interface SequenceObserver {
  /** Replaces what a step computed. While there is one, the cell runs on plain ops. */
  editStep?: StepEdit;
  /**
   * Wants all of every sequence, whatever the layer returns: the gates, and the hidden states of all steps as outputs, also
   * where the layer's own are 0 at masked steps.
   */
  keepsGates?: boolean;
  /**
   * Is shown each sequence and what it gave. The tensors belong to the run, which disposes what it does not return: clone
   * and keep what is to last. They are for looking at: gradients of them may be missing.
   *
   * @param recorded How tfjs has recorded it, where a fused kernel ran it that keeps all; else null.
   */
  afterSequence?(sequence: Sequence, result: ScanResult, recorded: RecordedRun | null): void;
  /**
   * Is shown each step that somebody else steps the cell through, such as `tf.layers.rnn`: the states before it, and what
   * it computed, which may be masked afterwards. The tensors belong to the step.
   */
  afterStep?(inputs: StepInputs, computed: CellStep): void;
}

/** What a cell is called with: x [B, D], and its states, each [B, U]. */
export type StepInputs = [x: tf.Tensor2D, ...states: tf.Tensor2D[]];

// On the cell itself and by a name known everywhere, so that the observers of one build of this package are seen by the
// layers of another, and by everything that runs the cell.
const OBSERVERS = Symbol.for('explicit-lstm.sequenceObservers2');

type ObservedCell = object & { [OBSERVERS]?: readonly SequenceObserver[] };

/** The observers of a cell, of this package or of tfjs, the outermost first. */
export function observersOf(cell: object): readonly SequenceObserver[] {
  return (cell as ObservedCell)[OBSERVERS] ?? NONE;
}

const NONE: readonly SequenceObserver[] = [];

/** Shows the observers of a cell a step of it. */
export function showStep(cell: object, inputs: StepInputs, computed: CellStep): void {
  for (const observer of observersOf(cell)) observer.afterStep?.(inputs, computed);
}

/**
 * Has a cell observed by one more. Only what runs a cell through this package is seen: `tf.layers.lstm` does when it is
 * called by `callForeign`.
 *
 * @returns What ends it, in whatever order several of them end.
 */
export function observe(cell: object, observer: SequenceObserver): () => void {
  setObservers(cell, [...observersOf(cell), observer]);
  return () =>
    setObservers(
      cell,
      observersOf(cell).filter((other) => other !== observer),
    );
}

/** Not enumerable, so that code which searches, copies or compares the layer's fields does not see it. */
function setObservers(cell: object, observers: readonly SequenceObserver[]): void {
  if (observers.length === 0) delete (cell as ObservedCell)[OBSERVERS];
  else Object.defineProperty(cell, OBSERVERS, { value: observers, configurable: true, writable: true });
}

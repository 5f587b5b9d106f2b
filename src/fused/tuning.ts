import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import {
  A_BOOLEAN,
  A_POSITIVE_INTEGER,
  A_STRING,
  aNumber,
  checkOptions,
  listOf,
  type OptionRule,
  required,
} from '../core/options.js';
import { setPreference } from './choose.js';
import type { FusedProblem } from './fused-kernel.js';

/** One sequence as it is to be computed: where, how large, and what is wanted of it. */
export interface TunedProblem extends FusedProblem {
  /** tfjs's name of the backend. */
  backend: string;
}

/** How long a model took with its sequences of one kind on one implementation. */
export interface TuningRow {
  problem: TunedProblem;
  /** As `lastImplementation` names it: a fused kernel, or `'reference'` for plain tfjs ops, those of the built-in included. */
  implementation: string;
  /** The median, of the whole model: forward, or forward and backward where `problem.takesGradients`. */
  ms: number;
}

/** What was measured on a device, as plain data. */
export type Tuning = TuningRow[];

/** What is known: for each problem the milliseconds by implementation. */
const measured = new Map<string, Map<string, number>>();
/** The same, as implementations, the fastest first. */
const ranked = new Map<string, readonly string[]>();

/** What tells problems apart: all that is measured of one holds for no other. */
export function keyOfProblem(backend: string, problem: FusedProblem): string {
  const { batch, timesteps, features, units, activation, recurrentActivation, additions = [] } = problem;
  const { isMasked, hasRecurrentDropout, keepsGates, takesGradients } = problem;
  const sizes = [batch, timesteps, features, units].join();
  const wanted = [isMasked, hasRecurrentDropout, keepsGates, takesGradients].map(Number).join('');
  return [backend, sizes, activation, recurrentActivation, wanted, ...additions].join(' ');
}

/** The implementations that were measured, the fastest first; undefined where none was. */
export function measuredPreference(problem: FusedProblem): readonly string[] | undefined {
  return ranked.get(keyOfProblem(tf.getBackend(), problem));
}

/** Takes note of what was measured; of the same problem and implementation the last one counts. */
export function learn(rows: Tuning): void {
  for (const { problem, implementation, ms } of rows) {
    const key = keyOfProblem(problem.backend, problem);
    const times = measured.get(key) ?? new Map<string, number>();
    measured.set(key, times.set(implementation, ms));
    const order = [...times].sort(([, one], [, other]) => one - other);
    ranked.set(
      key,
      order.map(([name]) => name),
    );
  }
  setPreference(ranked.size === 0 ? null : measuredPreference);
}

/**
 * Has LSTMs run on what was measured to be fastest for them, from a table that `tuneKernels` returned: this time or, saved
 * as JSON, an earlier one on the same device. It takes the place of all that was measured before; an empty table leaves the
 * choice to the package again.
 *
 * ```ts
 * accelerateBuiltIn();
 * const tuning = await tuneKernels(model, x);
 * const saved = JSON.stringify(tuning);
 * useTuning(JSON.parse(saved));
 * ```
 *
 * A table can make LSTMs slow, if it is another device's, but not wrong: what does not apply here is passed over.
 *
 * @param tuning The rows of one table, or of several.
 * @throws RangeError for what is no such table.
 * @category Speed
 */
export function useTuning(tuning: Tuning): void {
  if (!Array.isArray(tuning)) throw invalidArgument('useTuning', 'tuning must be an array of rows', tuning);
  for (const [n, row] of tuning.entries()) {
    checkOptions(`useTuning, row ${n}`, row, ROW);
    checkOptions(`useTuning, row ${n}, problem`, row.problem, PROBLEM);
  }
  measured.clear();
  ranked.clear();
  learn(tuning);
}

const A_TIME = aNumber(
  'a number of milliseconds, 0 or more',
  (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
);

const ROW: Record<keyof TuningRow, OptionRule> = {
  problem: required({ must: 'an object', holds: (value) => typeof value === 'object' }),
  implementation: required(A_STRING),
  ms: required(A_TIME),
};

const PROBLEM: Record<keyof TunedProblem, OptionRule> = {
  backend: required(A_STRING),
  batch: required(A_POSITIVE_INTEGER),
  timesteps: required(A_POSITIVE_INTEGER),
  features: required(A_POSITIVE_INTEGER),
  units: required(A_POSITIVE_INTEGER),
  activation: required(A_STRING),
  recurrentActivation: required(A_STRING),
  isMasked: required(A_BOOLEAN),
  hasRecurrentDropout: required(A_BOOLEAN),
  keepsGates: required(A_BOOLEAN),
  takesGradients: required(A_BOOLEAN),
  additions: listOf('an array of strings', A_STRING),
};

import { isOn, isValidStep, type SearchedSequence, type StepSpan, valueAt } from './searched-sequence.js';

// No tfjs in here: the report's page searches too.

/** A run of steps at which all of the units are on. */
export interface StepMatch extends StepSpan {
  /**
   * How much the steps at which each unit is on there are those at which it is on in the selection, both laid upon each other
   * with their first steps together: what they share, divided by what they cover (Jaccard). 1: every unit turns on and off
   * at the same steps.
   */
  overlap: number;
}

/**
 * The runs of valid steps at which all units are on, but for those that share a step with the selection: the greatest
 * overlap first, then as the traces have them.
 *
 * @param units Indices in the layer; every sequence has them.
 */
export function findSteps(
  sequences: readonly SearchedSequence[],
  selection: StepSpan,
  units: readonly number[],
  threshold: number,
): StepMatch[] {
  const columnsOf = (sequence: SearchedSequence) => units.map((unit) => sequence.unitIndices.indexOf(unit));
  const here = sequences[selection.trace] as SearchedSequence;
  const pattern = columnsOf(here).map((column) => stepsAround(here, selection, column, threshold));
  const matches: StepMatch[] = [];
  for (const [trace, sequence] of sequences.entries()) {
    const columns = columnsOf(sequence);
    for (let sample = 0; sample < sequence.batch; sample++) {
      for (const run of runsOfAll(sequence, { trace, sample }, columns, threshold)) {
        if (shareAStep(run, selection)) continue;
        const steps = columns.map((column) => stepsAround(sequence, run, column, threshold));
        matches.push({ ...run, overlap: overlapOf(pattern, steps) });
      }
    }
  }
  // What is alike stays in its order.
  return matches.sort((a, b) => b.overlap - a.overlap);
}

function runsOfAll(
  sequence: SearchedSequence,
  at: Pick<StepSpan, 'trace' | 'sample'>,
  columns: readonly number[],
  threshold: number,
): StepSpan[] {
  const runs: StepSpan[] = [];
  for (let t = 0; t < sequence.timesteps; t++) {
    if (!columns.every((column) => isUnitOn(sequence, at.sample, t, column, threshold))) continue;
    const current = runs.at(-1);
    if (current?.to === t - 1) current.to = t;
    else runs.push({ ...at, from: t, to: t });
  }
  return runs;
}

/** The steps, counted from the span's first, at which a unit is on within the span and without a break before and after. */
function stepsAround(sequence: SearchedSequence, span: StepSpan, column: number, threshold: number): Set<number> {
  const { sample, from, to } = span;
  const isUnitOnAt = (t: number) => isUnitOn(sequence, sample, t, column, threshold);
  const steps = new Set<number>();
  for (let t = from; t <= to; t++) if (isUnitOnAt(t)) steps.add(t - from);
  if (isUnitOnAt(from)) for (let t = from - 1; t >= 0 && isUnitOnAt(t); t--) steps.add(t - from);
  if (isUnitOnAt(to)) for (let t = to + 1; t < sequence.timesteps && isUnitOnAt(t); t++) steps.add(t - from);
  return steps;
}

function isUnitOn(sequence: SearchedSequence, sample: number, t: number, column: number, threshold: number): boolean {
  return isValidStep(sequence, sample, t) && isOn(valueAt(sequence, sample, t, column), threshold);
}

function shareAStep(a: StepSpan, b: StepSpan): boolean {
  return a.trace === b.trace && a.sample === b.sample && a.from <= b.to && b.from <= a.to;
}

function overlapOf(here: readonly Set<number>[], there: readonly Set<number>[]): number {
  let shared = 0;
  let covered = 0;
  for (const [n, steps] of here.entries()) {
    const others = there[n] as Set<number>;
    let both = 0;
    for (const step of steps) if (others.has(step)) both += 1;
    shared += both;
    covered += steps.size + others.size - both;
  }
  return shared / covered;
}

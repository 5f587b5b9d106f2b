import type { NodeBackend } from '../tools/backends.js';
import type { Contestant, Duel } from './contestant.js';
import { type Effort, measureAll } from './measuring.js';
import type { BenchmarkOptions, SectionName } from './options.js';
import { formatLine, type Result } from './report.js';
import { formatShape, type Shape } from './shapes.js';

/** One question that the benchmark answers. */
export interface Section {
  title: string;
  run: (options: BenchmarkOptions) => Promise<Outcome>;
}

export interface Outcome {
  results: Result[];
  /** What is printed beside the table of results. */
  tables?: string[];
  /** What is written as JSON beside the results. */
  data?: unknown;
}

export interface Place {
  section: SectionName;
  backend: NodeBackend;
  /** Or the name of a model. */
  shape: Shape | string;
  setting?: string;
}

export function effortOf({ seconds }: BenchmarkOptions): Effort {
  return { milliseconds: 1000 * seconds, rounds: { least: 3, most: 500 }, patience: 5000 * seconds };
}

/** @throws Error when the two do not compute the same. */
export async function measureDuel(place: Place, duel: Duel, options: BenchmarkOptions): Promise<Result> {
  const [result] = await measureContest(place, duel.baseline, [duel.candidate], options);
  return result as Result;
}

/** @throws Error when they do not all compute the same. */
export async function measureContest(
  place: Place,
  baseline: Contestant,
  candidates: readonly Contestant[],
  options: BenchmarkOptions,
): Promise<Result[]> {
  const { section, backend, setting = '' } = place;
  const shape = typeof place.shape === 'string' ? place.shape : formatShape(place.shape);
  const where = [section, backend, shape, setting].filter((part) => part !== '').join(', ');
  const measurements = await measureAll(where, baseline, candidates, effortOf(options));
  return measurements.map((measurement, index) => {
    const candidate = candidates[index] as Contestant;
    const compared = { baseline: baseline.name, candidate: candidate.name };
    const ranOn = candidate.implementation?.() ?? '';
    const result = { section, backend, shape, setting, compared, ranOn, ...measurement };
    // On stderr, so that stdout has each result once.
    console.error(formatLine(result));
    return result;
  });
}

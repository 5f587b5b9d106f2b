import type { NodeBackend } from '../tools/backends.js';
import type { Duel } from './contestant.js';
import { type Effort, measure } from './measuring.js';
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
  shape: Shape;
}

export function effortOf({ seconds }: BenchmarkOptions): Effort {
  return { milliseconds: 1000 * seconds, rounds: { least: 3, most: 500 } };
}

/** @throws Error when the two do not compute the same. */
export async function measureDuel(place: Place, duel: Duel, options: BenchmarkOptions): Promise<Result> {
  const { section, backend } = place;
  const shape = formatShape(place.shape);
  const measurement = await measure(`${section}, ${backend}, ${shape}`, duel, effortOf(options));
  const { baseline, candidate } = duel;
  const compared = { baseline: baseline.name, candidate: candidate.name };
  const ranOn = candidate.implementation?.() ?? '';
  const result = { section, backend, shape, compared, ranOn, ...measurement };
  // On stderr, so that stdout has each result once.
  console.error(formatLine(result));
  return result;
}

import { invalidArgument } from '../../core/errors.js';
import { type GateStatistics, gateSummariesOf } from '../../inspect/statistics/layer-statistics.js';
import { amount, quantityTitle } from '../../inspect/words.js';

/** The statistics of one layer, or of several by the names used in the picture. */
export type StatisticsByName = GateStatistics | Readonly<Record<string, GateStatistics>>;

export interface NamedStatistics {
  /** Empty for the one that has no name. */
  name: string;
  statistics: GateStatistics;
}

/** @throws RangeError for what are not statistics. */
export function namedStatistics(where: string, statistics: StatisticsByName): NamedStatistics[] {
  if (isStatistics(statistics)) return [{ name: '', statistics }];
  const isObject = typeof statistics === 'object' && statistics !== null;
  const named = isObject ? Object.entries(statistics).map(([name, ofName]) => ({ name, statistics: ofName })) : [];
  if (named.length > 0 && named.every((entry) => isStatistics(entry.statistics))) return named as NamedStatistics[];
  const rule = 'statistics must be a GateStatistics, the awaited result of gateStatistics, or some by name';
  throw invalidArgument(where, rule, statistics);
}

function isStatistics(value: unknown): value is GateStatistics {
  return typeof value === 'object' && value !== null && 'validSteps' in value && 'nonFinite' in value;
}

/** Data rows take the name where there is one, and encodings with it. */
export function hasNames(named: readonly NamedStatistics[]): boolean {
  return named.some(({ name }) => name !== '');
}

/**
 * The gates that are between closed and open, of one of them at least: i, f, o.
 *
 * @throws RangeError where there is none.
 */
export function gatesOf(where: string, named: readonly NamedStatistics[]): string[] {
  const gates = new Set(named.flatMap(({ statistics }) => gateSummariesOf(statistics).map(([gate]) => gate)));
  if (gates.size > 0) return [...gates];
  const rule = 'statistics must be of a cell that has a gate between 0 and 1';
  throw invalidArgument(where, rule, Object.keys((named[0] as NamedStatistics).statistics.nonFinite));
}

/** As above a panel. */
export function titleOfGate(gate: string): string {
  return quantityTitle(gate, 'gate');
}

/** Values of gates that statistics leave out as they are not finite, if any, in words. */
export function describeNonFiniteGates(named: readonly NamedStatistics[], gates: readonly string[]): string[] {
  const counts = named.flatMap(({ name, statistics: { nonFinite } }) =>
    gates.map((gate) => ({
      what: name === '' ? gate : `${gate} (${name})`,
      count: (nonFinite as Partial<typeof nonFinite>)[gate as 'i']?.count ?? 0,
    })),
  );
  const found = counts
    .filter(({ count }) => count > 0)
    .map(({ what, count }) => `${amount(count, 'value')} of ${what}`);
  return found.length === 0 ? [] : [`NaN or infinite, left out: ${found.join(', ')}`];
}

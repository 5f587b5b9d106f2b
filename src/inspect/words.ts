/**
 * How numbers, units and LSTMs are put to a person, in text, pictures and pages alike. No tfjs in here: the report's page
 * uses it too.
 */

/** Below and above which a gate is saturated: Karpathy, Johnson and Li 2015, arXiv 1506.02078. */
export const SATURATED = { low: 0.1, high: 0.9 } as const;

/** Which LSTM of a model, or which call of it, is meant. */
export interface NamedLSTM {
  layerName: string;
  direction?: 'forward' | 'backward' | undefined;
  cell?: number | undefined;
  call?: number | undefined;
}

/** An LSTM as a person names it: `encoder`, `encoder (backward)`, `rnn (cell 1)`, `shared (backward, call 2)`. */
export function lstmName({ layerName, direction, cell = 0, call = 0 }: NamedLSTM): string {
  const details: string[] = [];
  if (direction === 'backward') details.push('backward');
  if (cell > 0) details.push(`cell ${cell}`);
  if (call > 0) details.push(`call ${call}`);
  return details.length === 0 ? layerName : `${layerName} (${details.join(', ')})`;
}

/** What the gates and states that people know are called. */
const TITLES: Readonly<Record<string, string>> = {
  i: 'input gate i',
  f: 'forget gate f',
  g: 'candidate g',
  o: 'output gate o',
  c: 'cell state c',
  h: 'hidden state h',
  n: 'normalizer n',
  m: 'stabilizer m',
};

/** A gate or a state as it is called above a panel: `input gate i`, `gate z`, `state s`. */
export function quantityTitle(name: string, kind: 'gate' | 'state'): string {
  const isKnown = kind === 'state' ? ['c', 'h', 'n', 'm'].includes(name) : ['i', 'f', 'g', 'o'].includes(name);
  return isKnown ? (TITLES[name] as string) : `${kind} ${name}`;
}

/** A number of things: `1 unit`, `3 units`. */
export function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A fraction as a person reads it: `94%`. What is not quite all or nothing never reads `100%` or `0%`. */
export function percent(fraction: number): string {
  if (fraction > 0 && fraction < 0.01) return fraction < 0.001 ? 'under 0.1%' : `${(100 * fraction).toFixed(1)}%`;
  if (fraction < 1 && fraction > 0.99) return fraction > 0.999 ? 'over 99.9%' : `${(100 * fraction).toFixed(1)}%`;
  return `${Math.round(100 * fraction)}%`;
}

/** A limit that someone has set, as a percentage with all of its digits: `97.5%`. */
export function percentLimit(fraction: number): string {
  return `${Number((100 * fraction).toPrecision(6))}%`;
}

/** A measured number in a few significant digits: `0.0423`, `1.2e-7`, `15300`. */
export function shortNumber(value: number, digits = 3): string {
  const written = Number(value.toPrecision(digits));
  const size = Math.abs(written);
  return written !== 0 && (size < 1e-3 || size >= 1e5) ? written.toExponential().replace('e+', 'e') : String(written);
}

/** The middle number, of two middle ones the smaller, so that it is one of them; undefined for none. */
export function lowerMedian(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/**
 * The memory horizon of a layer, in timesteps: the lower median over its units. Null where it is infinite; undefined
 * where no unit has one.
 *
 * @param horizons [U], as `GateStatistics.memoryHorizon`: null stands for a unit that never forgets.
 */
export function medianHorizon(horizons: readonly (number | null)[]): number | null | undefined {
  const median = lowerMedian(horizons.map((horizon) => horizon ?? Number.POSITIVE_INFINITY));
  return median === Number.POSITIVE_INFINITY ? null : median;
}

/** Whether a horizon in timesteps means that most is forgotten before the next step. */
export function isWithinStep(horizon: number): boolean {
  return horizon < 1;
}

/** How long a layer remembers, by its median memory horizon in timesteps; null stands for an infinite one. */
export function memoryWords(median: number | null, timesteps: number): string {
  if (median === null || median >= timesteps) return 'remembers the whole sequence';
  return isWithinStep(median)
    ? 'forgets within a step'
    : `remembers ${shortNumber(median)} of ${amount(timesteps, 'step')}`;
}

/** How many stretches of units are written out. */
const LONGEST_LIST = 12;

/** Units as a person writes them: `unit 3`, `3 of 8 units: 1, 4-5`, or `all 8 units`. A long list is cut. */
export function unitList(units: readonly number[], total: number): string {
  if (units.length === total && total > 1) return `all ${total} units`;
  if (units.length === 1) return `unit ${units[0]}`;
  const written = stretches(units);
  const shown = written.slice(0, LONGEST_LIST).join(', ');
  return `${units.length} of ${total} units: ${shown}${written.length > LONGEST_LIST ? ', …' : ''}`;
}

/** Ascending numbers with neighbours joined: 1, 4, 5, 6 gives `1` and `4-6`. */
function stretches(units: readonly number[]): string[] {
  const found: { first: number; last: number }[] = [];
  for (const unit of units) {
    const current = found.at(-1);
    if (current?.last === unit - 1) current.last = unit;
    else found.push({ first: unit, last: unit });
  }
  return found.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
}

import { invalidArgument } from '../../core/errors.js';
import {
  A_STRING,
  AN_INTEGER,
  aNumber,
  CHECKED_LATER,
  checkOptions,
  type OptionRules,
  oneOf,
} from '../../core/options.js';
import type { CallName } from '../trace/numbered-calls.js';
import { amount, lstmName, medianHorizon, percentLimit, quantityTitle, shortNumber, unitList } from '../words.js';
import {
  type GateStatistics,
  gateSummariesOf,
  memoryHorizonOf,
  summariesOf,
  whyNoHorizon,
} from './layer-statistics.js';
import type { GateSummary } from './statistics-types.js';

/** The options of `describeStatistics`. An entry of `traceModel` works as well. */
export interface DescriptionOptions extends Partial<CallName> {
  /** The layer's name in the text. Default: no name. */
  layerName?: string;
  /** A unit is listed if more than this fraction of its values is saturated. Within [0, 1). Default: 0.9. */
  saturationThreshold?: number;
}

const RULES: OptionRules = {
  layerName: A_STRING,
  direction: oneOf('forward', 'backward'),
  cell: AN_INTEGER,
  call: AN_INTEGER,
  trace: CHECKED_LATER,
  saturationThreshold: aNumber('a number within [0, 1)', (value) => value >= 0 && value < 1),
};

interface Meaning {
  closed: string;
  open: string;
}

/** What it means for the cell that a gate is closed or open. */
function meaningOf(gate: string, state: string): Meaning {
  const meanings: Record<string, Meaning> = {
    i: { closed: `writes almost nothing to the ${state}`, open: 'writes every candidate in full' },
    f: { closed: 'forgets at every step', open: `keeps almost all of the ${state}` },
    o: { closed: `hides the ${state} from the output`, open: `shows the ${state} in full` },
  };
  return meanings[gate] ?? { closed: 'lets almost nothing through', open: 'lets almost everything through' };
}

/**
 * Statistics as a short text for the terminal: in which gates which units are saturated and what that means, how long the
 * cells remember, and where values are not finite.
 *
 * ```ts
 * for (const entry of traceModel(model, x)) {
 *   console.log(describeStatistics(await gateStatistics(entry.trace), entry));
 *   entry.trace.dispose();
 * }
 * ```
 *
 * @throws RangeError for what is not a `GateStatistics` and for a threshold outside [0, 1).
 * @category In numbers and words
 */
export function describeStatistics(statistics: GateStatistics, options: DescriptionOptions = {}): string {
  checkOptions('describeStatistics', options, RULES);
  requireStatistics(statistics);
  const { layerName } = options;
  const saturationThreshold = options.saturationThreshold ?? 0.9;
  const { units, validSteps } = statistics;
  const name = layerName == null ? '' : ` ${lstmName({ ...options, layerName })}`;
  const heading = `LSTM${name}: ${amount(units, 'unit')}, `;
  if (validSteps === 0) return `${heading}no valid steps: the batch is empty or fully masked.`;
  return [
    `${heading}${amount(validSteps, 'valid step')} (samples × timesteps)`,
    '',
    ...gateSummariesOf(statistics).flatMap(([gate, summary]) =>
      gateLines(gate, summary, stateOf(statistics), saturationThreshold),
    ),
    ...unendingLines(statistics),
    '',
    horizonLine(statistics),
    ...nonFiniteLines(statistics),
    '',
    legend(statistics, saturationThreshold),
  ].join('\n');
}

/** What the gates act on. */
function stateOf({ nonFinite }: GateStatistics): string {
  return 'c' in nonFinite ? 'cell state' : 'state';
}

function gateLines(gate: string, summary: GateSummary, state: string, threshold: number): string[] {
  const { closed, open } = meaningOf(gate, state);
  const { mean, std, leftSaturated, rightSaturated, zeroGradient } = summary;
  const findings = [
    { word: 'closed', meaning: closed, fractions: leftSaturated },
    { word: 'open', meaning: open, fractions: rightSaturated },
    { word: 'stuck', meaning: 'exactly 0 or 1, where no gradient passes', fractions: zeroGradient ?? [] },
  ].flatMap(({ word, meaning, fractions }) => {
    const found = unitsWhere(fractions, (fraction) => fraction !== null && fraction > threshold);
    return found.length === 0 ? [] : [`    ${word} in ${unitList(found, leftSaturated.length)} (${meaning})`];
  });
  const spread = mean === null ? 'no finite value' : `mean ${shortNumber(mean)}, std ${shortNumber(std as number)}`;
  return [
    `  ${quantityTitle(gate, 'gate').padEnd(14)} ${spread}${findings.length === 0 && mean !== null ? ', no unit saturated' : ''}`,
    ...findings,
  ];
}

/** What a variant has beside the plain LSTM's candidate and states that is not between closed and open: its values only. */
function unendingLines(statistics: GateStatistics): string[] {
  return summariesOf(statistics).flatMap(([name, summary]) => {
    if (!('max' in summary) || ['g', 'c', 'h'].includes(name)) return [];
    const { mean, min, max } = summary;
    const isGate = ['i', 'f', 'o'].includes(name);
    const isState = ['n', 'm'].includes(name);
    const title = isGate || isState ? quantityTitle(name, isGate ? 'gate' : 'state') : name;
    const values =
      mean === null || min === null || max === null
        ? 'no finite value'
        : `mean ${shortNumber(mean)}, from ${shortNumber(min)} to ${shortNumber(max)}`;
    return [`  ${title.padEnd(14)} ${values}${isGate ? '; not between 0 and 1, so never saturated' : ''}`];
  });
}

function horizonLine(statistics: GateStatistics): string {
  const memoryHorizon = memoryHorizonOf(statistics);
  if (memoryHorizon === null) return `  no memory horizon: ${whyNoHorizon(statistics)}`;
  const units = memoryHorizon.length;
  const known = memoryHorizon.filter((horizon) => horizon !== null).sort((a, b) => a - b);
  const unknown = unitList(
    unitsWhere(memoryHorizon, (horizon) => horizon === null),
    units,
  );
  const others = `infinite or undefined in ${unknown}`;
  if (known.length === 0) return `  memory horizon ${others}`;
  const range = `from ${shortNumber(known[0] as number)} to ${shortNumber(known.at(-1) as number)} timesteps`;
  const median = medianHorizon(memoryHorizon);
  const text = `  memory horizon median ${median == null ? 'infinite' : shortNumber(median)}, ${range}`;
  return known.length === units ? text : `${text}; ${others}`;
}

function nonFiniteLines({ nonFinite }: GateStatistics): string[] {
  const lines = Object.entries(nonFinite).flatMap(([quantity, { count, firstTimestep }]) => {
    const text = `${amount(count, 'value')} of ${quantity} NaN or infinite, first at timestep ${firstTimestep}`;
    return count === 0 ? [] : [`  not finite     ${text}`];
  });
  return lines.length === 0 ? ['  every value is finite'] : lines;
}

/** What the words mean, for first-time readers. */
function legend(statistics: GateStatistics, threshold: number): string {
  const { low, high } = statistics;
  const fraction = `more than ${percentLimit(threshold)} of its values`;
  return [
    `A unit, counted from 0, is listed if ${fraction} are closed (below ${low}) or open (above ${high}).`,
    ...(memoryHorizonOf(statistics) === null
      ? []
      : [
          `Memory horizon: the number of timesteps after which 1/e of the ${stateOf(statistics)} is left; 0 if it was ever emptied.`,
        ]),
  ].join('\n');
}

function unitsWhere(values: (number | null)[], holds: (value: number | null) => boolean): number[] {
  return values.flatMap((value, unit) => (holds(value) ? [unit] : []));
}

function requireStatistics(statistics: unknown): void {
  if (typeof statistics === 'object' && statistics !== null && 'nonFinite' in statistics) return;
  const rule = 'statistics must be a GateStatistics, the awaited result of gateStatistics';
  throw invalidArgument('describeStatistics', rule, statistics);
}

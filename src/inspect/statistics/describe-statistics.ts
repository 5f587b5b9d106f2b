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
import { QUANTITIES } from '../../core/quantities.js';
import type { CallName } from '../trace/numbered-calls.js';
import { amount, lstmName, medianHorizon, percentLimit, shortNumber, unitList } from '../words.js';
import type { GateStatistics } from './layer-statistics.js';
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

/** What each gate is called, and what it means for the cell that it is closed or open. */
const GATES = {
  i: {
    title: 'input gate i',
    closed: 'writes almost nothing to the cell state',
    open: 'writes every candidate in full',
  },
  f: { title: 'forget gate f', closed: 'forgets at every step', open: 'keeps almost all of the cell state' },
  o: { title: 'output gate o', closed: 'hides the cell state from the output', open: 'shows the cell state in full' },
} as const;

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
    ...(['i', 'f', 'o'] as const).flatMap((gate) => gateLines(gate, statistics, saturationThreshold)),
    '',
    horizonLine(statistics),
    ...nonFiniteLines(statistics),
    '',
    legend(statistics, saturationThreshold),
  ].join('\n');
}

function gateLines(gate: keyof typeof GATES, statistics: GateStatistics, threshold: number): string[] {
  const { title, closed, open } = GATES[gate];
  const { mean, std, leftSaturated, rightSaturated, zeroGradient }: GateSummary = statistics[gate];
  const findings = [
    { word: 'closed', meaning: closed, fractions: leftSaturated },
    { word: 'open', meaning: open, fractions: rightSaturated },
    { word: 'stuck', meaning: 'exactly 0 or 1, where no gradient passes', fractions: zeroGradient ?? [] },
  ].flatMap(({ word, meaning, fractions }) => {
    const found = unitsWhere(fractions, (fraction) => fraction !== null && fraction > threshold);
    return found.length === 0 ? [] : [`    ${word} in ${unitList(found, statistics.units)} (${meaning})`];
  });
  const spread = mean === null ? 'no finite value' : `mean ${shortNumber(mean)}, std ${shortNumber(std as number)}`;
  return [
    `  ${title.padEnd(14)} ${spread}${findings.length === 0 && mean !== null ? ', no unit saturated' : ''}`,
    ...findings,
  ];
}

function horizonLine({ memoryHorizon, units }: GateStatistics): string {
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
  const lines = QUANTITIES.flatMap((quantity) => {
    const { count, firstTimestep } = nonFinite[quantity];
    const text = `${amount(count, 'value')} of ${quantity} NaN or infinite, first at timestep ${firstTimestep}`;
    return count === 0 ? [] : [`  not finite     ${text}`];
  });
  return lines.length === 0 ? ['  every value is finite'] : lines;
}

/** What the words mean, for first-time readers. */
function legend({ low, high }: GateStatistics, threshold: number): string {
  const fraction = `more than ${percentLimit(threshold)} of its values`;
  return [
    `A unit, counted from 0, is listed if ${fraction} are closed (below ${low}) or open (above ${high}).`,
    'Memory horizon: the number of timesteps after which 1/e of the cell state is left; 0 if it was ever emptied.',
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

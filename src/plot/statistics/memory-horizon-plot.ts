import { invalidArgument } from '../../core/errors.js';
import { aNumber, type OptionRules } from '../../core/options.js';
import { type GateStatistics, memoryHorizonOf, whyNoHorizon } from '../../inspect/statistics/layer-statistics.js';
import { amount, isWithinStep, medianHorizon, shortNumber } from '../../inspect/words.js';
import type { Theme } from '../rows/colours.js';
import {
  type HorizonBin,
  horizonBins,
  horizonDomain,
  horizonFraction,
  horizonTicks,
  SHORTEST_HORIZON,
} from '../rows/horizons.js';
import { givenOptions, PLOT_RULES, type PlotOptions } from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import { type Json, THEME_COLOURS } from '../specification/theme.js';
import { describeNonFiniteGates, hasNames, namedStatistics, type StatisticsByName } from './named-statistics.js';

/** The options of `memoryHorizonPlot`. */
export interface MemoryHorizonPlotOptions extends PlotOptions {
  /** Length of the sequences, drawn as a line: units beyond it remember the whole sequence. Default: no line. */
  timesteps?: number;
}

const RULES: OptionRules = {
  ...PLOT_RULES,
  timesteps: aNumber('a positive number', (value) => value > 0 && value < Number.POSITIVE_INFINITY),
};

/**
 * How long the cells of a layer remember: how many units have which memory horizon, -1 / mean(ln f), in timesteps, on a
 * logarithmic scale. The heading says how many units have an infinite or undefined horizon.
 *
 * ```ts
 * show(await memoryHorizonPlot(await gateStatistics(trace), { timesteps: 28 }));
 * ```
 *
 * The measure is from Tallec and Ollivier 2018, arXiv 1804.11188.
 *
 * @param statistics Of one layer, or of several by name, with one panel each.
 * @throws RangeError (as a rejection) for what is not a `GateStatistics`, and for options of the wrong type.
 * @category Pictures of statistics
 */
export async function memoryHorizonPlot(
  statistics: StatisticsByName,
  options: MemoryHorizonPlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'memoryHorizonPlot';
  const given = givenOptions(where, options, RULES);
  const { width = 360, height = 140, timesteps, theme = 'light' } = given;
  const named = namedStatistics(where, statistics);
  const horizons = named.map(({ name, statistics: of }) => ({ name, memoryHorizon: requireHorizon(where, of) }));
  const all = horizons.flatMap(({ memoryHorizon }) => memoryHorizon);
  const drawn = horizons.map(({ name, memoryHorizon }) => ({
    name,
    bins: horizonBins(memoryHorizon, all),
  }));
  const domain = horizonDomain(
    drawn.flatMap(({ bins }) => bins),
    timesteps,
  );
  const layer = [barLayer(domain), ...(timesteps === undefined ? [] : [lengthLayer(timesteps, domain, theme)])];
  const panel = { width, height, layer };
  const row = { field: 'layer', type: 'nominal', title: null, sort: named.map(({ name }) => name) };
  return specification(
    given,
    {
      title: 'Memory horizon of the units',
      subtitle: [...horizons.map(describe), ...describeNonFiniteGates(named, ['f'])],
      width,
    },
    {
      data: { values: drawn.flatMap(({ name, bins }) => bins.map((bin) => barRow(name, bin))) },
      ...(hasNames(named) ? { facet: { row }, spec: panel } : panel),
    },
  );
}

const MOST_TICKS = 10;

function barLayer(domain: [number, number]): Json {
  const axis = {
    title: 'memory horizon (timesteps, logarithmic)',
    grid: false,
    values: horizonTicks(domain, MOST_TICKS),
    format: '.3~g',
  };
  return {
    mark: { type: 'bar', binSpacing: 1 },
    encoding: {
      x: { field: 'shortest', type: 'quantitative', scale: { type: 'log', base: 2, nice: false, domain }, axis },
      x2: { field: 'longest' },
      y: { field: 'units', type: 'quantitative', title: 'units', axis: { tickMinStep: 1, format: 'd' } },
      y2: { datum: 0 },
      tooltip: [
        { field: 'range', type: 'nominal', title: 'horizon (timesteps)' },
        { field: 'units', type: 'quantitative', title: 'units' },
        { field: 'which', type: 'nominal', title: 'which' },
      ],
    },
  };
}

/** A line at the length of the sequences. */
function lengthLayer(timesteps: number, domain: [number, number], theme: Theme): Json {
  const { threshold, quietText } = THEME_COLOURS[theme];
  const side = horizonFraction(timesteps, domain) < 0.5 ? { align: 'left', dx: 4 } : { align: 'right', dx: -4 };
  const text = { type: 'text', ...side, baseline: 'top', color: quietText, tooltip: null };
  return {
    data: { values: [{ timesteps, text: `T = ${timesteps}` }] },
    encoding: { x: { field: 'timesteps', type: 'quantitative' } },
    layer: [
      { mark: { type: 'rule', strokeDash: [4, 3], color: threshold, tooltip: null } },
      { mark: text, encoding: { y: { value: 3 }, text: { field: 'text', type: 'nominal' } } },
    ],
  };
}

const MOST_NAMED = 12;

function barRow(name: string, { shortest, longest, units }: HorizonBin): Json {
  const row: Json = {
    shortest,
    longest,
    range: `${shortest <= SHORTEST_HORIZON ? 'below' : `${shortest} to`} ${longest}`,
    units: units.length,
    which: `${units.slice(0, MOST_NAMED).join(', ')}${units.length > MOST_NAMED ? ', …' : ''}`,
  };
  if (name !== '') row.layer = name;
  return row;
}

/** @throws RangeError where the cell has none, which says why. */
function requireHorizon(where: string, statistics: GateStatistics): (number | null)[] {
  const horizon = memoryHorizonOf(statistics);
  if (horizon !== null) return horizon;
  const rule = `statistics must be of a cell that has a memory horizon: ${whyNoHorizon(statistics)}`;
  throw invalidArgument(where, rule, Object.keys(statistics.nonFinite));
}

function describe({ name, memoryHorizon }: { name: string; memoryHorizon: (number | null)[] }): string {
  const median = medianHorizon(memoryHorizon);
  const others = memoryHorizon.filter((horizon) => horizon === null).length;
  return [
    `${name === '' ? '' : `${name}: `}${amount(memoryHorizon.length, 'unit')}`,
    ...(median === undefined ? [] : [middle(median)]),
    ...(others === 0 ? [] : [`${others} infinite or undefined, not drawn`]),
  ].join(', ');
}

function middle(median: number | null): string {
  if (median === null) return 'median infinite';
  return isWithinStep(median) ? 'half forget within a step' : `median ${shortNumber(median)} timesteps`;
}

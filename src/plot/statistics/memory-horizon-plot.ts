import { invalidArgument } from '../../core/errors.js';
import { amount, lowerMedian } from '../../inspect/words.js';
import { type PlotOptions, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { THEME_COLOURS, type Theme } from '../specification/theme.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { hasNames, type NamedStatistics, namedStatistics, type StatisticsByName } from './named-statistics.js';

export interface MemoryHorizonPlotOptions extends PlotOptions {
  /** Length of the sequences: a line is drawn there, which the horizon of a unit that remembers all of it exceeds. */
  timesteps?: number;
}

/** Bins for each factor of two. */
const BINS_PER_OCTAVE = 2;
/** A horizon below it is drawn there: the cell forgets within a step. */
const SHORTEST = 0.125;

/**
 * How long the cells of a layer remember: how many units have which memory horizon -1 / mean(ln f), in timesteps, on a
 * logarithmic scale. Units whose horizon is infinite or undefined are counted in the heading.
 *
 * ```ts
 * show(await memoryHorizonPlot(await gateStatistics(trace), { timesteps: 28 }));
 * ```
 *
 * Source of the measure: Tallec and Ollivier 2018, arXiv 1804.11188.
 *
 * @param statistics Of one layer, or of several by name: a panel each.
 * @throws RangeError (by the promise) for what are not statistics, and for options of other kinds than described.
 */
export async function memoryHorizonPlot(
  statistics: StatisticsByName,
  options: MemoryHorizonPlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'memoryHorizonPlot';
  requirePlotOptions(where, options, ['timesteps']);
  const { width = 360, height = 140, timesteps, theme = 'light' } = options;
  if (timesteps !== undefined && !(Number.isFinite(timesteps) && timesteps > 0)) {
    throw invalidArgument(where, 'timesteps must be a positive number', timesteps);
  }
  const named = namedStatistics(where, statistics);
  const layer = [BARS, ...(timesteps === undefined ? [] : [lengthLayer(timesteps, theme)])];
  const panel = { width, height, layer };
  const row = { field: 'layer', type: 'nominal', title: null, sort: named.map(({ name }) => name) };
  return specification(
    options,
    { title: 'Memory horizon of the units', subtitle: named.map(describe) },
    {
      data: { values: named.flatMap(horizonRows) },
      ...(hasNames(named) ? { facet: { row }, spec: panel } : panel),
    },
  );
}

const AXIS = { title: 'memory horizon (timesteps, logarithmic)', grid: false, format: '.3~g', labelOverlap: true };

const BARS: Json = {
  mark: { type: 'bar', binSpacing: 1 },
  encoding: {
    x: { field: 'shortest', type: 'quantitative', scale: { type: 'log', base: 2, nice: false }, axis: AXIS },
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

/** A line at the length of the sequences. */
function lengthLayer(timesteps: number, theme: Theme): Json {
  const { threshold, quietText } = THEME_COLOURS[theme];
  const text = { type: 'text', align: 'right', dx: -4, baseline: 'top', color: quietText, tooltip: null };
  return {
    data: { values: [{ timesteps, text: `T = ${timesteps}` }] },
    encoding: { x: { field: 'timesteps', type: 'quantitative' } },
    layer: [
      { mark: { type: 'rule', strokeDash: [4, 3], color: threshold, tooltip: null } },
      { mark: text, encoding: { y: { value: 3 }, text: { field: 'text', type: 'nominal' } } },
    ],
  };
}

function horizonRows({ name, statistics }: NamedStatistics): Json[] {
  const bins = new Map<number, number[]>();
  for (const [unit, horizon] of statistics.memoryHorizon.entries()) {
    if (horizon === null) continue;
    const bin = Math.floor(BINS_PER_OCTAVE * Math.log2(Math.max(horizon, SHORTEST)));
    bins.set(bin, [...(bins.get(bin) ?? []), unit]);
  }
  return [...bins.entries()]
    .sort(([a], [b]) => a - b)
    .map(([bin, units]) => {
      const [shortest, longest] = [bin, bin + 1].map((edge) => Number((2 ** (edge / BINS_PER_OCTAVE)).toPrecision(4)));
      const range = `${(shortest as number) <= SHORTEST ? 'below' : `${shortest} to`} ${longest}`;
      const which = `${units.slice(0, 12).join(', ')}${units.length > 12 ? ', …' : ''}`;
      return { ...(name !== '' && { layer: name }), shortest, longest, range, units: units.length, which };
    });
}

function describe({ name, statistics: { memoryHorizon } }: NamedStatistics): string {
  const known = memoryHorizon.filter((horizon) => horizon !== null);
  const median = lowerMedian(known);
  const others = memoryHorizon.length - known.length;
  return [
    `${name === '' ? '' : `${name}: `}${amount(memoryHorizon.length, 'unit')}`,
    ...(median === undefined ? [] : [`median ${Number(median.toPrecision(3))} timesteps`]),
    ...(others === 0 ? [] : [`${others} infinite or undefined, not drawn`]),
  ].join(', ');
}

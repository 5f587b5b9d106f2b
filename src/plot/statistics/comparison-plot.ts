import { invalidArgument } from '../../core/errors.js';
import type { GateStatistics } from '../../inspect/statistics/statistics-types.js';
import { plainNumber } from '../data/plain-number.js';
import { type PlotOptions, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { THEME_COLOURS } from '../specification/theme.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { namedStatistics } from './named-statistics.js';

/**
 * Two or more models, or one before and after training, side by side: for each gate how its units are spread between
 * never and always closed, never and always open; and how long the cells remember. A tick a unit, a dot their median.
 *
 * ```ts
 * show(await comparisonPlot({ before: await gateStatistics(untrained), after: await gateStatistics(trained) }));
 * ```
 *
 * @param statistics Of at least two, by the names that the picture gives them. They may differ in their units.
 * @throws RangeError (by the promise) for less than two, for what are not statistics, and for options of other kinds
 *   than described.
 */
export async function comparisonPlot(
  statistics: Readonly<Record<string, GateStatistics>>,
  options: PlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'comparisonPlot';
  requirePlotOptions(where, options);
  const named = namedStatistics(where, statistics);
  if (named.length < 2)
    throw invalidArgument(where, 'statistics must be at least two, by name', Object.keys(statistics));
  const { width = 180, height = 26 * named.length, theme = 'light' } = options;
  const names = named.map(({ name }) => name);
  return specification(
    options,
    { title: `Compared: ${names.join(', ')}`, subtitle: 'a tick a unit; the dot is their median' },
    {
      concat: MEASURES.map((measure) => ({
        ...{ width, height, title: measure.title },
        data: { values: named.flatMap((entry) => unitRows(entry.name, measure.values(entry.statistics))) },
        layer: measureLayers(measure, names, THEME_COLOURS[theme].text),
      })),
      columns: 3,
      resolve: { scale: { x: 'independent' } },
    },
  );
}

function measureLayers({ measure, title }: Measure, names: string[], dotColour: string): Json[] {
  const isHorizon = measure === 'horizon';
  const scale = isHorizon ? { type: 'symlog', constant: 1 } : { domain: [0, 1] };
  const values = isHorizon ? [0, 1, 3, 10, 30, 100, 300, 1000, 10000] : [0, 0.5, 1];
  const axis = { title: isHorizon ? 'timesteps' : 'fraction of steps', values, format: '~g' };
  const x = { field: 'value', type: 'quantitative', scale, axis };
  const y = { field: 'model', type: 'nominal', sort: null, scale: { domain: names }, axis: { title: null } };
  const color = { field: 'model', type: 'nominal', scale: { domain: names }, legend: null };
  const tooltip = [
    { field: 'model', type: 'nominal', title: 'model' },
    { field: 'unit', type: 'quantitative', title: 'unit' },
    { field: 'value', type: 'quantitative', title },
  ];
  return [
    {
      mark: { type: 'tick', thickness: 1.5, opacity: 0.55, bandSize: 14, aria: false },
      encoding: { x, y, color, tooltip },
    },
    {
      mark: { type: 'point', filled: true, size: 50, color: dotColour, opacity: 1 },
      encoding: { x: { ...x, aggregate: 'median' }, y },
    },
  ];
}

interface Measure {
  measure: string;
  title: string;
  /** [U]. */
  values: (statistics: GateStatistics) => (number | null)[];
}

const MEASURES: Measure[] = [
  { measure: 'i closed', title: 'input gate closed', values: ({ i }) => i.leftSaturated },
  { measure: 'f closed', title: 'forget gate closed', values: ({ f }) => f.leftSaturated },
  { measure: 'o closed', title: 'output gate closed', values: ({ o }) => o.leftSaturated },
  { measure: 'i open', title: 'input gate open', values: ({ i }) => i.rightSaturated },
  { measure: 'f open', title: 'forget gate open', values: ({ f }) => f.rightSaturated },
  { measure: 'o open', title: 'output gate open', values: ({ o }) => o.rightSaturated },
  { measure: 'horizon', title: 'memory horizon', values: ({ memoryHorizon }) => memoryHorizon },
];

function unitRows(model: string, values: (number | null)[]): Json[] {
  return values.flatMap((value, unit) => (value === null ? [] : [{ model, unit, value: plainNumber(value) }]));
}

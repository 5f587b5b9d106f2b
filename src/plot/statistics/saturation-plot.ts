import { invalidArgument } from '../../core/errors.js';
import { plainNumber } from '../data/plain-number.js';
import { QUANTITY_TITLES } from '../data/quantity-view.js';
import { type PlotOptions, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { THEME_COLOURS, type Theme } from '../specification/theme.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { hasNames, type NamedStatistics, namedStatistics, type StatisticsByName } from './named-statistics.js';

export interface SaturationPlotOptions extends PlotOptions {
  /** Where lines are drawn: beyond this fraction of its values a unit's gate is stuck. Within (0, 1]. Default: 0.9, as in `diagnose`. */
  stuckFraction?: number;
}

/**
 * How often each unit's gates are closed and open, a dot a unit, in the manner of Karpathy, Johnson and Li 2015
 * (arXiv 1506.02078, figure 3): to the right the fraction of right-saturated values, upwards of left-saturated ones. A
 * dot near the origin is a gate that moves; far right it is always open, at the top always closed.
 *
 * ```ts
 * show(await saturationPlot(await gateStatistics(trace)));
 * show(await saturationPlot({ encoder: statistics1, decoder: statistics2 }));
 * ```
 *
 * @param statistics Of one layer, or of several by name: a row of panels each.
 * @throws RangeError (by the promise) for what are not statistics, and for options of other kinds than described.
 */
export async function saturationPlot(
  statistics: StatisticsByName,
  options: SaturationPlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'saturationPlot';
  requirePlotOptions(where, options, ['stuckFraction']);
  const { width = 200, height = 200, theme = 'light', stuckFraction = 0.9 } = options;
  if (!(typeof stuckFraction === 'number' && stuckFraction > 0 && stuckFraction <= 1)) {
    throw invalidArgument(where, 'stuckFraction must be a number within (0, 1]', stuckFraction);
  }
  const named = namedStatistics(where, statistics);
  const { low, high } = (named[0] as NamedStatistics).statistics;
  const subtitle = [
    `a dot a unit; left-saturated: below ${low}, right-saturated: above ${high}`,
    `dashed: stuck at more than ${Number((100 * stuckFraction).toPrecision(4))} % of the steps`,
  ];
  const facet = {
    column: { field: 'gate', type: 'nominal', title: null, sort: GATES.map((gate) => QUANTITY_TITLES[gate]) },
    ...(hasNames(named) && {
      row: { field: 'layer', type: 'nominal', title: null, sort: named.map(({ name }) => name) },
    }),
  };
  return specification(
    options,
    { title: 'Saturation of the gates', subtitle },
    {
      data: { values: named.flatMap(saturationRows) },
      facet,
      spec: { width, height, layer: [...guideLines(stuckFraction, theme), dots(hasNames(named))] },
    },
  );
}

/** Where a gate is never between closed and open, and beyond which it is stuck. */
function guideLines(stuckFraction: number, theme: Theme): Json[] {
  const { threshold, line } = THEME_COLOURS[theme];
  const rest = 1 - stuckFraction;
  const dashed = { color: threshold, strokeDash: [4, 3] };
  return [
    guideLine([0, 1], [1, 0], { color: line }),
    guideLine([stuckFraction, 0], [stuckFraction, rest], dashed),
    guideLine([0, stuckFraction], [rest, stuckFraction], dashed),
  ];
}

const GATES = ['i', 'f', 'o'] as const;

function saturationRows({ name, statistics }: NamedStatistics): Json[] {
  return GATES.flatMap((gate) => {
    const { leftSaturated, rightSaturated, zeroGradient } = statistics[gate];
    return leftSaturated.map((left, unit) => ({
      ...(name !== '' && { layer: name }),
      ...{ gate: QUANTITY_TITLES[gate], unit },
      left: left === null ? null : plainNumber(left),
      right: plainNumber(rightSaturated[unit] ?? Number.NaN),
      ...(zeroGradient !== null && { zeroGradient: plainNumber(zeroGradient[unit] ?? Number.NaN) }),
      horizon: plainNumber(statistics.memoryHorizon[unit] ?? Number.NaN),
    }));
  });
}

function guideLine([x, y]: [number, number], [x2, y2]: [number, number], mark: Json): Json {
  return {
    data: { values: [{ x, y, x2, y2 }] },
    mark: { type: 'rule', ...mark, tooltip: null, aria: false },
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'quantitative' },
      ...{ x2: { field: 'x2' }, y2: { field: 'y2' } },
    },
  };
}

function dots(isNamed: boolean): Json {
  const fraction = (field: string, title: string) => ({
    ...{ field, type: 'quantitative', title },
    scale: { domain: [0, 1] },
    axis: { values: [0, 0.25, 0.5, 0.75, 1], format: '.2~f' },
  });
  return {
    mark: { type: 'circle', size: 45, opacity: 0.6, clip: false },
    encoding: {
      x: fraction('right', 'fraction right-saturated'),
      y: fraction('left', 'fraction left-saturated'),
      tooltip: [
        ...(isNamed ? [{ field: 'layer', type: 'nominal', title: 'layer' }] : []),
        { field: 'gate', type: 'nominal', title: 'gate' },
        { field: 'unit', type: 'quantitative', title: 'unit' },
        { field: 'left', type: 'quantitative', title: 'left-saturated' },
        { field: 'right', type: 'quantitative', title: 'right-saturated' },
        { field: 'zeroGradient', type: 'quantitative', title: 'without gradient' },
        { field: 'horizon', type: 'quantitative', title: 'memory horizon (timesteps)' },
      ],
    },
  };
}

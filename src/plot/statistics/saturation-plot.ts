import { aNumber, type OptionRules } from '../../core/options.js';
import { gateSummariesOf, memoryHorizonOf } from '../../inspect/statistics/layer-statistics.js';
import { amount, percentLimit } from '../../inspect/words.js';
import type { Theme } from '../rows/colours.js';
import { plainNumber } from '../rows/plain-number.js';
import { saturationDots } from '../rows/saturation.js';
import { givenOptions, PLOT_RULES, type PlotOptions } from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import { type Json, THEME_COLOURS } from '../specification/theme.js';
import {
  describeNonFiniteGates,
  gatesOf,
  hasNames,
  type NamedStatistics,
  namedStatistics,
  type StatisticsByName,
  titleOfGate,
} from './named-statistics.js';

/** The options of `saturationPlot`. */
export interface SaturationPlotOptions extends PlotOptions {
  /** The fraction of its values beyond which a gate is stuck, drawn as lines. Within (0, 1]. Default: 0.9, as in `diagnose`. */
  stuckFraction?: number;
}

const RULES: OptionRules = {
  ...PLOT_RULES,
  stuckFraction: aNumber('a number within (0, 1]', (value) => value > 0 && value <= 1),
};

/**
 * How often each unit's gates are closed and open, with one dot per unit, as in Karpathy, Johnson and Li 2015 (arXiv
 * 1506.02078, figure 3): to the right the fraction of right-saturated values, upwards that of left-saturated ones. A dot
 * near the origin is a gate that moves; at the far right it is always open, at the top always closed. Units without a
 * finite value have no dot, and the heading says how many there are.
 *
 * ```ts
 * show(await saturationPlot(await gateStatistics(trace)));
 * show(await saturationPlot({ encoder: statistics1, decoder: statistics2 }));
 * ```
 *
 * @param statistics Of one layer, or of several by name, with one row of panels each.
 * @throws RangeError (as a rejection) for what is not a `GateStatistics`, for those of cells without a gate that is between
 *   closed and open, and for options of the wrong type.
 * @category Pictures of statistics
 */
export async function saturationPlot(
  statistics: StatisticsByName,
  options: SaturationPlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'saturationPlot';
  const given = givenOptions(where, options, RULES);
  const { width = 200, height = 200, theme = 'light', stuckFraction = 0.9 } = given;
  const named = namedStatistics(where, statistics);
  const { low, high } = (named[0] as NamedStatistics).statistics;
  const isNamed = hasNames(named);
  const gates = gatesOf(where, named);
  const rows = named.flatMap(dotRows);
  const withoutDot = rows.filter(({ left }) => left === null).length;
  const facet: Json = {
    column: { field: 'gate', type: 'nominal', title: null, sort: gates.map(titleOfGate) },
  };
  if (isNamed) facet.row = { field: 'layer', type: 'nominal', title: null, sort: named.map(({ name }) => name) };
  return specification(
    given,
    {
      title: 'Saturation of the gates',
      subtitle: [
        `one dot per unit; left-saturated: below ${low}, right-saturated: above ${high}`,
        `dashed: stuck at more than ${percentLimit(stuckFraction)} of the steps`,
        ...(withoutDot === 0 ? [] : [`without a finite value, not drawn: ${amount(withoutDot, 'dot')}`]),
        ...describeNonFiniteGates(named, gates),
      ],
      width: gates.length * width,
    },
    {
      data: { values: rows },
      facet,
      spec: { width, height, layer: [...guideLines(stuckFraction, theme), dotLayer(isNamed)] },
    },
  );
}

function dotRows({ name, statistics }: NamedStatistics): Json[] {
  const horizons = memoryHorizonOf(statistics);
  return gateSummariesOf(statistics).flatMap(([gate, summary]) =>
    saturationDots(summary).map((dot, unit) => {
      const left = dot === null ? null : plainNumber(dot.left);
      const right = dot === null ? null : plainNumber(dot.right);
      const row: Json = { gate: titleOfGate(gate), unit, left, right };
      if (name !== '') row.layer = name;
      const zeroGradient = summary.zeroGradient?.[unit] ?? null;
      if (zeroGradient !== null) row.zeroGradient = plainNumber(zeroGradient);
      const horizon = horizons?.[unit] ?? null;
      if (horizon !== null) row.horizon = plainNumber(horizon);
      return row;
    }),
  );
}

/** Where a gate is never between closed and open, and beyond which it is stuck. */
function guideLines(stuckFraction: number, theme: Theme): Json[] {
  const { threshold, line } = THEME_COLOURS[theme];
  const rest = 1 - stuckFraction;
  const dashed = { color: threshold, strokeDash: [4, 3] };
  return [
    guideLine({ x: 0, y: 1, x2: 1, y2: 0 }, { color: line }),
    guideLine({ x: stuckFraction, y: 0, x2: stuckFraction, y2: rest }, dashed),
    guideLine({ x: 0, y: stuckFraction, x2: rest, y2: stuckFraction }, dashed),
  ];
}

function guideLine(ends: Record<'x' | 'y' | 'x2' | 'y2', number>, mark: Json): Json {
  return {
    data: { values: [ends] },
    mark: { type: 'rule', ...mark, tooltip: null, aria: false },
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'quantitative' },
      x2: { field: 'x2' },
      y2: { field: 'y2' },
    },
  };
}

function dotLayer(isNamed: boolean): Json {
  const fraction = (field: string, title: string) => ({
    field,
    type: 'quantitative',
    title,
    scale: { domain: [0, 1] },
    axis: { values: [0, 0.25, 0.5, 0.75, 1], format: '.2~f' },
  });
  return {
    mark: { type: 'circle', size: 45, clip: false, invalid: null },
    encoding: {
      x: fraction('right', 'fraction right-saturated'),
      y: fraction('left', 'fraction left-saturated'),
      // Rows without a dot are there, but not seen: Vega lays out wrongly where a panel has no row at all.
      opacity: { condition: { test: 'isValid(datum.left)', value: 0.6 }, value: 0 },
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

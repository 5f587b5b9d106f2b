import { invalidArgument } from '../../core/errors.js';
import type { FlowStatistics, PerTimestep } from '../../inspect/gradient/flow-types.js';
import { amount } from '../../inspect/words.js';
import { CATEGORIES } from '../rows/colours.js';
import { flowPoints, positiveOnly } from '../rows/flow-points.js';
import { stretchText } from '../rows/stretches.js';
import { joinedLabels } from '../rows/time-labels.js';
import { MOST_POINTS } from '../rows/timeline.js';
import { logAxis } from '../specification/log-axis.js';
import { givenOptions, TIME_PLOT_RULES, type TimePlotOptions } from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import type { Json } from '../specification/theme.js';
import { timeAxis } from '../specification/time-axis.js';

/** The options of `gradientFlowPlot`. */
export type GradientFlowPlotOptions = TimePlotOptions;

/**
 * How the gradient of the loss flows back through time. From top to bottom: the fraction that is left of it, which the
 * verdict and the sentence in the heading describe; the norms of the derivatives with respect to the hidden state and the
 * cell state, with the parts that arrive via later steps only and by the linear path, through cell states alone
 * (Kanuparthi et al. 2018, arXiv 1810.03023); those of the gates' pre-activations; and the share that arrives through the
 * cell state. All but the last are logarithmic.
 *
 * ```ts
 * const flow = gradientFlow(layer, x, loss);
 * show(await gradientFlowPlot(await flowStatistics(flow)));
 * flow.dispose();
 * ```
 *
 * Lines have gaps at timesteps that are masked in every sample, or whose norm is 0 or not finite. More than 400 timesteps
 * are drawn as means of neighbouring ones.
 *
 * @param statistics As `flowStatistics` resolves to.
 * @throws RangeError (as a rejection) for what is not a `FlowStatistics`, for a number of labels other than that of the
 *   timesteps, and for options of the wrong type.
 * @category Pictures of gradients
 */
export async function gradientFlowPlot(
  statistics: FlowStatistics,
  options: GradientFlowPlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'gradientFlowPlot';
  const given = givenOptions(where, options, TIME_PLOT_RULES);
  requireFlowStatistics(where, statistics);
  const { timesteps, verdict, sentence, nonFinite } = statistics;
  const time = timeAxis(where, timesteps, given);
  const { width, labels } = time;
  const { height = 140, theme = 'light' } = given;
  return specification(
    given,
    {
      title: 'Gradient back through time',
      subtitle: [
        `verdict: ${verdict ?? 'none'}`,
        sentence,
        ...(timesteps > MOST_POINTS ? ['lines are means of neighbouring timesteps'] : []),
        ...(nonFinite.count > 0 ? [`${amount(nonFinite.count, 'gradient')} NaN or infinite, not drawn`] : []),
      ],
      width: width + 150,
    },
    {
      params: time.params,
      vconcat: panelsOf(statistics).map(({ title, unit, scale, axis, lines }) => ({
        width,
        height,
        title,
        data: { values: lineRows(lines, labels) },
        mark: {
          type: 'line',
          point: { size: 12 },
          strokeWidth: 1.5,
          invalid: 'break-paths-filter-domains',
          aria: false,
        },
        encoding: {
          x: { ...time.channel, field: 'time' },
          y: { field: 'value', type: 'quantitative', title: unit, scale, axis },
          ...lineStyle(Object.keys(lines), CATEGORIES[theme]),
          tooltip: tooltipOf(unit, labels !== null),
        },
      })),
      resolve: { scale: { color: 'independent', strokeDash: 'independent' } },
    },
  );
}

/** By their names in the legend. */
type Lines = Record<string, PerTimestep>;

function panelsOf({
  retained,
  dh,
  dc,
  dhRecurrent,
  linearPath,
  dz,
  shareThroughCell,
  shareOfLinearPath,
}: FlowStatistics) {
  const ofStates: Lines = { 'hidden state, dL/dh': dh };
  // A variant's cell may have no c, or none of which h is made unit by unit.
  if (isAnyThere(dc)) ofStates['cell state, dL/dc'] = dc;
  ofStates['h via later steps'] = dhRecurrent;
  if (isAnyThere(linearPath)) ofStates['linear path'] = linearPath;
  const ofGates: Lines = {};
  for (const [gate, norms] of Object.entries(dz)) ofGates[`gate ${gate}, dL/dz`] = norms;
  const lines = { 'next cell, f · dL/dc': shareThroughCell, 'linear path of dL/dc': shareOfLinearPath };
  const hasPaths = isAnyThere(shareThroughCell) || isAnyThere(shareOfLinearPath);
  const fraction = { scale: { domain: [0, 1] }, axis: { format: '%', tickCount: 3 } };
  return [
    {
      title: 'fraction left on the way back (logarithmic)',
      unit: 'of its size',
      ...logarithmic({ 'from the last loss term': retained }),
    },
    { title: 'gradient of the states (logarithmic)', unit: 'L2 norm', ...logarithmic(ofStates) },
    { title: 'gradient of the gates (logarithmic)', unit: 'L2 norm', ...logarithmic(ofGates) },
    ...(hasPaths ? [{ title: 'share by path', unit: 'share', ...fraction, lines }] : []),
  ];
}

function isAnyThere(values: PerTimestep): boolean {
  return values.some((value) => value !== null);
}

function tooltipOf(unit: string, isLabelled: boolean): Json[] {
  return [
    { field: 'steps', type: 'nominal', title: 'timestep' },
    ...(isLabelled ? [{ field: 'label', type: 'nominal', title: 'label' }] : []),
    { field: 'of', type: 'nominal', title: 'of' },
    { field: 'value', type: 'quantitative', title: unit, format: '.3~g' },
  ];
}

/** By colour and by dashes, so that lines are told apart without colours. */
function lineStyle(names: string[], colours: readonly string[]): Json {
  const dashes = [
    [1, 0],
    [6, 2],
    [2, 2],
    [8, 2, 2, 2],
  ];
  const legend = { title: null, symbolType: 'stroke', symbolSize: 300, labelLimit: 220 };
  const channel = { field: 'of', type: 'nominal', sort: null, legend };
  return {
    color: { ...channel, scale: { domain: names, range: colours.slice(0, names.length) } },
    strokeDash: { ...channel, scale: { domain: names, range: dashes.slice(0, names.length) } },
  };
}

/** A logarithm is of positive values only. */
function logarithmic(lines: Lines) {
  const positive: Lines = {};
  for (const [name, values] of Object.entries(lines)) positive[name] = positiveOnly(values);
  const drawn = Object.values(positive)
    .flat()
    .filter((value) => value !== null);
  return { ...logAxis(drawn.length === 0 ? [1] : drawn), lines: positive };
}

function lineRows(lines: Lines, labels: string[] | null): Json[] {
  return Object.entries(lines).flatMap(([of, values]) =>
    flowPoints(values).map(({ first, last, value }) => {
      const row: Json = { of, time: (first + last) / 2, steps: stretchText({ first, last }) };
      if (labels !== null) row.label = joinedLabels(labels, { first, last });
      row.value = value === null ? null : Number(value.toPrecision(4));
      return row;
    }),
  );
}

function requireFlowStatistics(where: string, statistics: unknown): asserts statistics is FlowStatistics {
  const isFlow = typeof statistics === 'object' && statistics !== null && 'verdict' in statistics && 'dh' in statistics;
  if (isFlow) return;
  const rule = 'statistics must be a FlowStatistics, the awaited result of flowStatistics';
  throw invalidArgument(where, rule, statistics);
}

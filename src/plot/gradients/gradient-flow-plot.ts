import { invalidArgument } from '../../core/errors.js';
import { GATE_NAMES } from '../../core/gates.js';
import type { FlowStatistics, PerTimestep } from '../../inspect/gradient/flow-types.js';
import { requireLabels, type TimeLabels } from '../data/time-labels.js';
import { CATEGORIES } from '../specification/colours.js';
import { logAxis } from '../specification/log-axis.js';
import { type PlotOptions, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { timeAxis, timeWidth } from '../specification/time-axis.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { wrapText } from '../specification/wrap-text.js';

export interface GradientFlowPlotOptions extends PlotOptions {
  /** One for each timestep, such as the tokens of a text; written along time. */
  labels?: TimeLabels;
}

/**
 * How the gradient of the loss flows back through time: on top the logarithmic norms of the derivatives with respect to
 * the hidden state and the cell state, with what comes by later steps only and by the linear path, through cells alone
 * (Kanuparthi et al. 2018, arXiv 1810.03023); below those of the gates' pre-activations; last, which share takes the
 * path through the cell. The verdict stands above.
 *
 * ```ts
 * const flow = gradientFlow(layer, x, loss);
 * show(await gradientFlowPlot(await flowStatistics(flow)));
 * flow.dispose();
 * ```
 *
 * A timestep that is masked in every sample, or whose norm is 0 or not finite, has no point.
 *
 * @throws RangeError (by the promise) for what is not a `FlowStatistics`, labels that are not as many as timesteps, and
 *   options of other kinds than described.
 */
export async function gradientFlowPlot(
  statistics: FlowStatistics,
  options: GradientFlowPlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'gradientFlowPlot';
  requirePlotOptions(where, options, ['labels']);
  requireFlowStatistics(where, statistics);
  const { timesteps, verdict, sentence } = statistics;
  const labels = requireLabels(where, options.labels, timesteps);
  const { width = timeWidth(timesteps, labels), height = 140, theme = 'light' } = options;
  const time = timeAxis(timesteps, labels, width);
  const subtitle = [`verdict: ${verdict ?? 'none'}`, ...wrapText(sentence, width + 120)];
  return specification(
    options,
    { title: 'Gradient back through time', subtitle },
    {
      params: time.params,
      vconcat: panelsOf(statistics).map(({ title, unit, scale, axis, lines }) => ({
        ...{ width, height, title },
        data: { values: lineRows(lines, labels) },
        mark: { type: 'line', point: { size: 12 }, strokeWidth: 1.5, aria: false },
        encoding: {
          x: { ...time.channel, field: 'timestep' },
          y: { field: 'value', type: 'quantitative', title: unit, scale, axis },
          ...lineStyle(Object.keys(lines), CATEGORIES[theme]),
          tooltip: tooltipOf(unit, labels !== null),
        },
      })),
      resolve: { scale: { color: 'independent', strokeDash: 'independent' } },
    },
  );
}

function panelsOf({ dh, dc, dhRecurrent, linearPath, dz, shareThroughCell, shareOfLinearPath }: FlowStatistics) {
  const ofStates = {
    'hidden state, dL/dh': dh,
    'cell state, dL/dc': dc,
    'h by later steps': dhRecurrent,
    'linear path': linearPath,
  };
  const ofGates = Object.fromEntries(GATE_NAMES.map((gate) => [`gate ${gate}, dL/dz`, dz[gate]]));
  const lines = { 'next cell, f · dL/dc': shareThroughCell, 'linear path of dL/dc': shareOfLinearPath };
  const fraction = { scale: { domain: [0, 1] }, axis: { format: '%', tickCount: 3 } };
  return [
    { title: 'gradient of the states (logarithmic)', unit: 'L2 norm', ...logarithmic(ofStates) },
    { title: 'gradient of the gates (logarithmic)', unit: 'L2 norm', ...logarithmic(ofGates) },
    { title: 'which way it takes', unit: 'share', ...fraction, lines },
  ];
}

function tooltipOf(unit: string, isLabelled: boolean): Json[] {
  return [
    { field: 'timestep', type: 'quantitative', title: 'timestep' },
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
function logarithmic(lines: Record<string, PerTimestep>) {
  const isDrawn = (value: number | null): value is number => value !== null && value > 0;
  const entries = Object.entries(lines).map(([name, values]) => [name, values.map((v) => (isDrawn(v) ? v : null))]);
  const drawn = Object.values(lines).flat().filter(isDrawn);
  return { ...logAxis(drawn.length === 0 ? [1] : drawn), lines: Object.fromEntries(entries) as typeof lines };
}

function lineRows(lines: Record<string, PerTimestep>, labels: string[] | null): Json[] {
  return Object.entries(lines).flatMap(([of, values]) =>
    values.flatMap((value, timestep) =>
      value === null
        ? []
        : [{ of, timestep, ...(labels !== null && { label: labels[timestep] }), value: Number(value.toPrecision(4)) }],
    ),
  );
}

export function requireFlowStatistics(where: string, statistics: unknown): asserts statistics is FlowStatistics {
  const isFlow = typeof statistics === 'object' && statistics !== null && 'verdict' in statistics && 'dh' in statistics;
  if (isFlow) return;
  const rule = 'statistics must be a FlowStatistics, to which the promise of flowStatistics resolves';
  throw invalidArgument(where, rule, statistics);
}

import { invalidArgument } from '../../core/errors.js';
import { QUANTITIES, type Quantity } from '../../core/quantities.js';
import { amount } from '../../inspect/words.js';
import type { GateTrace } from '../../layers/trace.js';
import { binsOf } from '../data/bins.js';
import { maskedRuns } from '../data/masked-runs.js';
import { plainNumber } from '../data/plain-number.js';
import { QUANTITY_TITLES, quantityView } from '../data/quantity-view.js';
import { readSample } from '../data/read-sample.js';
import { largestOf, type Sample } from '../data/sample.js';
import { requireLabels, type TimeLabels, visibleLabel } from '../data/time-labels.js';
import { SATURATION_THRESHOLDS, unitOrder } from '../data/unit-order.js';
import { CATEGORIES } from '../specification/colours.js';
import { maskedSteps } from '../specification/masked-steps.js';
import { type PlotOptions, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { THEME_COLOURS } from '../specification/theme.js';
import { type TimeAxis, timeAxis, timeWidth } from '../specification/time-axis.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { requireQuantities } from './require-quantities.js';

export interface GateTimelineOptions extends PlotOptions {
  /** Index of the sample in the batch. Default: 0. */
  sample?: number;
  /** Numbers of the units to draw, at most 8: more lines cannot be told apart. Default: the 3 whose h moves most. */
  units?: readonly number[];
  /** Which of i, f, g, o, c, h to draw, a panel each. Default: all. */
  quantities?: readonly Quantity[];
  /** One for each timestep, such as the tokens of a text; written along time. */
  labels?: TimeLabels;
}

const MOST_UNITS = CATEGORIES.light.length;
const DEFAULT_UNITS = 3;
/** A panel has not many more pixels than this. */
const MOST_POINTS = 400;

/**
 * Lines over time of one sample: a panel a quantity, a line a unit. Dashed lines are the thresholds of saturation; masked
 * steps are grey and hatched, and lines break there. Values that are not finite are left out.
 *
 * ```ts
 * show(await gateTimeline(trace, { units: [3, 17], labels: [...'a text'] }));
 * ```
 *
 * More than 400 timesteps are drawn as means of neighbours, within a band from their smallest to their largest value.
 *
 * @param trace Of any LSTM, [B, T, U]; it remains the caller's.
 * @throws RangeError (by the promise) for what is not a trace or an empty one, a sample or units that there are not, more
 *   than 8 units, labels that are not as many as timesteps, and options of other kinds than described.
 */
export async function gateTimeline(trace: GateTrace, options: GateTimelineOptions = {}): Promise<VegaLiteSpec> {
  const where = 'gateTimeline';
  requirePlotOptions(where, options, ['sample', 'units', 'quantities', 'labels']);
  const { quantities = QUANTITIES, theme = 'light' } = options;
  requireQuantities(where, quantities);
  const sample = await readSample(where, trace, options.sample);
  const positions = unitPositions(where, sample, options.units);
  const labels = requireLabels(where, options.labels, sample.timesteps);
  const width = options.width ?? timeWidth(sample.timesteps, labels);
  const height = options.height ?? 110;
  const time = timeAxis(sample.timesteps, labels, width);
  const masked = maskedSteps(maskedRuns(sample.valid), time.channel, height, theme);
  const isBinned = sample.timesteps > MOST_POINTS;
  const names = positions.map((position) => `${sample.unitNumbers[position]}`);
  return specification(options, heading(sample, isBinned), {
    data: { values: timelineRows(sample, positions, labels) },
    params: time.params,
    columns: width > 450 ? 1 : 2,
    concat: quantities.map((quantity) => ({
      ...{ width, height, title: QUANTITY_TITLES[quantity] },
      layer: [...masked, ...lineLayers({ sample, time, names, isBinned, theme }, quantity)],
    })),
  });
}

/** Where the units are in the trace, which may hold some of the layer's only. */
function unitPositions(where: string, sample: Sample, units: unknown): number[] {
  if (units === undefined) return unitOrder(sample, 'activity').slice(0, DEFAULT_UNITS);
  if (!Array.isArray(units) || units.length === 0 || units.length > MOST_UNITS || new Set(units).size < units.length) {
    throw invalidArgument(where, `units must be 1 to ${MOST_UNITS} different unit numbers`, units);
  }
  return units.map((unit) => {
    const position = sample.unitNumbers.indexOf(unit);
    if (position < 0) throw invalidArgument(where, 'units must be among those of the trace', unit);
    return position;
  });
}

/** Of each unit and stretch of time: the mean of each quantity, and its extremes where the stretch is longer than a step. */
function timelineRows(sample: Sample, positions: number[], labels: string[] | null) {
  const bins = binsOf(sample.timesteps, MOST_POINTS);
  return positions.flatMap((position) =>
    bins.map(({ first, last }) => {
      const row: Json = { time: (first + last) / 2, unit: `${sample.unitNumbers[position]}` };
      if (labels !== null) row.label = visibleLabel(labels.slice(first, last + 1).join(' ')).slice(0, 60);
      for (const quantity of QUANTITIES) {
        const values = validValues(sample, quantity, position, first, last);
        const sum = values.reduce((total, value) => total + value, 0);
        row[quantity] = plainNumber(sum / values.length);
        if (first === last) continue;
        row[`${quantity}Min`] = plainNumber(Math.min(...values));
        row[`${quantity}Max`] = plainNumber(Math.max(...values));
      }
      return row;
    }),
  );
}

function validValues(
  { values, valid, units }: Sample,
  quantity: Quantity,
  position: number,
  first: number,
  last: number,
) {
  const found: number[] = [];
  for (let t = first; t <= last; t++) if (valid[t]) found.push(values[quantity][t * units + position] as number);
  return found;
}

interface Picture {
  sample: Sample;
  time: TimeAxis;
  names: string[];
  isBinned: boolean;
  theme: 'light' | 'dark';
}

function lineLayers({ sample, time, names, isBinned, theme }: Picture, quantity: Quantity): Json[] {
  const { domain } = quantityView(quantity, sample, largestOf(sample, quantity), theme);
  const x = { ...time.channel, field: 'time' };
  const y = {
    field: quantity,
    type: 'quantitative',
    scale: { domain, nice: false },
    axis: { title: null, tickCount: 4 },
  };
  const scale = { domain: names, range: CATEGORIES[theme].slice(0, names.length) };
  const color = { field: 'unit', type: 'nominal', scale, legend: { title: 'unit', symbolOpacity: 1 } };
  const tooltip = [
    { field: 'time', type: 'quantitative', title: 'timestep' },
    ...('timeLabels' in Object.fromEntries(time.params.map(({ name }) => [name, true]))
      ? [{ field: 'label', type: 'nominal', title: 'label' }]
      : []),
    { field: 'unit', type: 'nominal', title: 'unit' },
    ...QUANTITIES.map((name) => ({ field: name, type: 'quantitative', title: QUANTITY_TITLES[name] })),
  ];
  const ends = { y: { ...y, field: `${quantity}Min` }, y2: { field: `${quantity}Max` } };
  return [
    ...(domain[0] === 0 ? [thresholdLayer(theme)] : []),
    ...(isBinned ? [{ mark: { type: 'area', opacity: 0.25, aria: false }, encoding: { x, ...ends, color } }] : []),
    {
      mark: { type: 'line', strokeWidth: isBinned ? 1 : 1.8, invalid: 'break-paths-show-path-domains', aria: false },
      encoding: { x, y, color },
    },
    // Points carry the tooltips, and show a value between two masked steps, of which there is no line.
    {
      mark: { type: 'point', filled: true, size: isBinned ? 4 : 14, opacity: 1, aria: false },
      encoding: { x, y, color, tooltip },
    },
  ];
}

function thresholdLayer(theme: 'light' | 'dark'): Json {
  return {
    data: { values: SATURATION_THRESHOLDS.map((threshold) => ({ threshold })) },
    mark: { type: 'rule', strokeDash: [4, 3], color: THEME_COLOURS[theme].threshold, tooltip: null },
    encoding: { y: { field: 'threshold', type: 'quantitative' } },
  };
}

function heading({ sample, timesteps, valid }: Sample, isBinned: boolean) {
  const masked = valid.filter((isValid) => !isValid).length;
  const subtitle = [
    `sample ${sample}: ${amount(timesteps, 'timestep')}${masked === 0 ? '' : `, ${masked} of them masked`}`,
    `dashed: a gate is saturated below ${SATURATION_THRESHOLDS[0]} and above ${SATURATION_THRESHOLDS[1]}`,
    ...(isBinned ? ['lines are means of neighbouring timesteps, bands their range'] : []),
  ];
  return { title: 'Units over time', subtitle };
}

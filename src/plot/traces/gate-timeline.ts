import { invalidArgument } from '../../core/errors.js';
import { AN_INTEGER, listOf, type OptionRules } from '../../core/options.js';
import { SATURATED } from '../../inspect/words.js';
import { CATEGORIES, NON_FINITE, type Theme } from '../rows/colours.js';
import { plainNumber } from '../rows/plain-number.js';
import { quantityView } from '../rows/quantity-view.js';
import { largestOf, type Sample, titleOfQuantity, widthOf } from '../rows/sample.js';
import { binsOf, stretchText } from '../rows/stretches.js';
import { joinedLabels } from '../rows/time-labels.js';
import { MOST_POINTS, type TimelinePoint, timelinePoints } from '../rows/timeline.js';
import { unitOrder } from '../rows/unit-order.js';
import { exceptionKey, maskedSteps } from '../specification/masked-steps.js';
import {
  givenOptions,
  SAMPLE,
  SOME_QUANTITIES,
  TIME_PLOT_RULES,
  type TimePlotOptions,
} from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import { type Json, THEME_COLOURS } from '../specification/theme.js';
import { type TimeAxis, timeAxis } from '../specification/time-axis.js';
import {
  describeNonFinite,
  describeSample,
  readSample,
  requireQuantities,
  type TraceToDraw,
  titleOf,
} from './read-sample.js';

/** The options of `gateTimeline`. */
export interface GateTimelineOptions extends TimePlotOptions {
  /** Index of the sample in the batch. Default: 0. */
  sample?: number;
  /** Indices of the units to draw, at most 8, as more lines cannot be told apart. Default: the 3 whose h varies most. */
  units?: readonly number[];
  /** Which of i, f, g, o, c, h, or of a variant's own gates and states, to draw, with one panel each. Default: all. */
  quantities?: readonly string[];
}

const RULES: OptionRules = {
  ...TIME_PLOT_RULES,
  sample: SAMPLE,
  units: listOf('a list of unit numbers', AN_INTEGER),
  quantities: SOME_QUANTITIES,
};

const MOST_UNITS = CATEGORIES.light.length;
const DEFAULT_UNITS = 3;
const NON_FINITE_HEIGHT = 10;
/** Points closer to each other than so many pixels are drawn small. */
const CLOSE = 6;

/**
 * Some units over time, for one sample: one panel per quantity, one line per unit. Dashed lines are the thresholds of
 * saturation. Masked steps are grey and hatched. Lines have gaps there, and at values that are NaN or infinite, which are
 * red marks at the bottom.
 *
 * ```ts
 * show(await gateTimeline(trace, { units: [3, 17], timeLabels: [...'a text'] }));
 * ```
 *
 * More than 400 timesteps are drawn as means of neighbouring ones, in a band from their smallest to their largest value.
 *
 * @param trace Of any LSTM, [B, T, U], or an entry of `traceModel`, which also names the layer; it is not disposed.
 * @throws RangeError (as a rejection) for what is not a trace or an empty one, for a sample or units out of range, for more
 *   than 8 units, for a number of labels other than that of the timesteps, and for options of the wrong type.
 * @category Pictures of gates
 */
export async function gateTimeline(trace: TraceToDraw, options: GateTimelineOptions = {}): Promise<VegaLiteSpec> {
  const where = 'gateTimeline';
  const given = givenOptions(where, options, RULES);
  const { theme = 'light', height = 110 } = given;
  const { sample, name } = await readSample(where, trace, given.sample);
  const quantities = requireQuantities(where, sample, given);
  const positions = unitPositions(where, sample, given.units);
  const time = timeAxis(where, sample.timesteps, given);
  const { width } = time;
  const picture: Picture = { sample, positions, time, theme, isBinned: sample.timesteps > MOST_POINTS };
  const masked = maskedSteps(sample.valid, time, height, theme);
  const nonFinite = describeNonFinite(sample, quantities, positions);
  const key = exceptionKey({ masked: masked.length > 0, nonFinite: nonFinite.length > 0 }, theme);
  const columns = width > 450 ? 1 : 2;
  const isOther = (quantity: string) => widthOf(sample, quantity) !== sample.units;
  const saturation = `dashed: a gate is saturated below ${SATURATED.low} and above ${SATURATED.high}`;
  return specification(
    given,
    {
      title: titleOf('Units over time', name),
      subtitle: [
        describeSample(sample),
        saturation,
        ...(picture.isBinned ? ['lines are means of neighbouring timesteps, bands their range'] : []),
        ...quantities
          .filter(isOther)
          .map((quantity) => `${quantity} is not one a unit: the lines are its values of these numbers`),
        ...nonFinite,
      ],
      width: Math.min(columns, quantities.length) * width,
    },
    {
      data: { values: timelineRows(picture) },
      params: time.params,
      columns,
      concat: quantities.map((quantity, n) => ({
        width,
        height,
        title: titleOfQuantity(sample, quantity),
        layer: [...masked, ...lineLayers(picture, quantity, height), ...(n === 0 ? key : [])],
      })),
    },
  );
}

/** Where the units are in the trace, which may hold some of the layer's only. */
function unitPositions(where: string, sample: Sample, units: readonly number[] | undefined): number[] {
  if (units === undefined) return unitOrder(sample, 'activity').slice(0, DEFAULT_UNITS);
  if (units.length === 0 || units.length > MOST_UNITS || new Set(units).size < units.length) {
    throw invalidArgument(where, `units must be 1 to ${MOST_UNITS} different unit numbers`, units);
  }
  return units.map((unit) => {
    const position = sample.unitIndices.indexOf(unit);
    if (position < 0) throw invalidArgument(where, 'units must be among those of the trace', unit);
    return position;
  });
}

interface Picture {
  sample: Sample;
  /** Of the units that are drawn. */
  positions: number[];
  time: TimeAxis;
  theme: Theme;
  /** Whether a point stands for several timesteps. */
  isBinned: boolean;
}

/** Of each unit and point in time: the mean of each quantity, and its extremes where the point stands for several steps. */
function timelineRows({ sample, positions, time, isBinned }: Picture): Json[] {
  return positions.flatMap((position) => {
    const there = Object.keys(sample.values).filter((quantity) => position < widthOf(sample, quantity));
    const lines = there.map((quantity) => ({ quantity, points: timelinePoints(sample, quantity, position) }));
    return binsOf(sample.timesteps, MOST_POINTS).map(({ first, last }, n) => {
      const row: Json = {
        time: (first + last) / 2,
        steps: stretchText({ first, last }),
        unit: `${sample.unitIndices[position]}`,
      };
      if (time.labels !== null) row.label = joinedLabels(time.labels, { first, last });
      for (const { quantity, points } of lines) {
        const { mean, min, max } = points[n] as TimelinePoint;
        row[quantity] = mean === null ? null : plainNumber(mean);
        if (mean !== null && Number.isNaN(mean)) row[`${quantity}IsNonFinite`] = true;
        if (!isBinned) continue;
        row[`${quantity}Min`] = min === null ? null : plainNumber(min);
        row[`${quantity}Max`] = max === null ? null : plainNumber(max);
      }
      return row;
    });
  });
}

function lineLayers({ sample, positions, time, isBinned, theme }: Picture, quantity: string, height: number): Json[] {
  const drawn = positions.filter((position) => position < widthOf(sample, quantity));
  const { domain } = quantityView(quantity, sample, largestOf(sample, quantity, drawn), theme);
  const names = positions.map((position) => `${sample.unitIndices[position]}`);
  const x = { ...time.channel, field: 'time' };
  const y = {
    field: quantity,
    type: 'quantitative',
    scale: { domain, nice: false },
    axis: { title: null, tickCount: 4 },
  };
  const scale = { domain: names, range: CATEGORIES[theme].slice(0, names.length) };
  const color = { field: 'unit', type: 'nominal', scale, legend: { title: 'unit', symbolOpacity: 1 } };
  const which = [
    { field: 'steps', type: 'nominal', title: 'timestep' },
    ...(time.labels === null ? [] : [{ field: 'label', type: 'nominal', title: 'label' }]),
    { field: 'unit', type: 'nominal', title: 'unit' },
  ];
  const isDense = time.width / sample.timesteps < CLOSE;
  const numbers = Object.keys(sample.values).map((name) => {
    return { field: name, type: 'quantitative', title: titleOfQuantity(sample, name) };
  });
  const ends = { y: { ...y, field: `${quantity}Min` }, y2: { field: `${quantity}Max` } };
  return [
    ...(domain[0] === 0 ? [thresholdLayer(theme)] : []),
    ...(isBinned ? [{ mark: { type: 'area', opacity: 0.25, aria: false }, encoding: { x, ...ends, color } }] : []),
    {
      mark: { type: 'line', strokeWidth: isDense ? 1 : 1.8, invalid: 'break-paths-show-path-domains', aria: false },
      encoding: { x, y, color },
    },
    // Points carry the tooltips, and show a value between two masked steps, of which there is no line.
    {
      mark: { type: 'point', filled: true, size: isDense ? 4 : 14, opacity: 1, aria: false },
      encoding: { x, y, color, tooltip: [...which, ...numbers] },
    },
    {
      transform: [{ filter: `datum.${quantity}IsNonFinite` }],
      mark: { type: 'rule', color: NON_FINITE, strokeWidth: 3, aria: false },
      encoding: { x, y: { value: height - NON_FINITE_HEIGHT }, y2: { value: height }, tooltip: which },
    },
  ];
}

function thresholdLayer(theme: Theme): Json {
  return {
    data: { values: [{ threshold: SATURATED.low }, { threshold: SATURATED.high }] },
    mark: { type: 'rule', strokeDash: [4, 3], color: THEME_COLOURS[theme].threshold, tooltip: null },
    encoding: { y: { field: 'threshold', type: 'quantitative' } },
  };
}

import { type OptionRules, oneOf } from '../../core/options.js';
import { QUANTITIES, type Quantity } from '../../core/quantities.js';
import { amount, SATURATED, shortNumber } from '../../inspect/words.js';
import type { Theme } from '../rows/colours.js';
import { heatImage, heatMatrix, LARGEST_IMAGE, tileMean } from '../rows/heat.js';
import { plainNumber } from '../rows/plain-number.js';
import { QUANTITY_TITLES, quantityView } from '../rows/quantity-view.js';
import { countNonFinite, type Reach, reachOf, type Sample } from '../rows/sample.js';
import { binsOf, type Stretch, stretchText } from '../rows/stretches.js';
import { joinedLabels } from '../rows/time-labels.js';
import { UNIT_SORTINGS, type UnitSorting, unitOrder } from '../rows/unit-order.js';
import { imageLayer, tileLayer } from '../specification/heat-layers.js';
import { exceptionKey, maskedSteps } from '../specification/masked-steps.js';
import {
  givenOptions,
  SAMPLE,
  SOME_QUANTITIES,
  TIME_PLOT_RULES,
  type TimePlotOptions,
} from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import type { Json } from '../specification/theme.js';
import { type TimeAxis, timeAxis } from '../specification/time-axis.js';
import { describeNonFinite, describeSample, readSample, type TraceToDraw, titleOf } from './read-sample.js';

/** The options of `gateHeatmap`. */
export interface GateHeatmapOptions extends TimePlotOptions {
  /** Index of the sample in the batch. Default: 0. */
  sample?: number;
  /** Which of i, f, g, o, c, h to draw, with one panel each. Default: all. */
  quantities?: readonly Quantity[];
  /**
   * The order of units: by index, or starting with those whose gates i, f and o are saturated most often, or whose
   * hidden state varies most. Default: 'index'.
   */
  sortUnits?: UnitSorting;
}

const RULES: OptionRules = {
  ...TIME_PLOT_RULES,
  sample: SAMPLE,
  quantities: SOME_QUANTITIES,
  sortUnits: oneOf(...UNIT_SORTINGS),
};

/** Beyond this many, tiles that carry the tooltips are blocks of values. */
const MOST_TILES = 2500;
const TOOLTIP_TILES = { columns: 60, rows: 20 };
const LEGEND_LENGTH = 80;
const PIXELS_PER_TICK = 20;

/**
 * Every unit at every timestep of one sample: one panel per gate, one row per unit, time from left to right. Masked steps
 * are grey and hatched; values that are NaN or infinite are red. If a few values of an unbounded quantity are so large that
 * the rest would look alike, the colours end at the 95th percentile, and the legend and the heading say so.
 *
 * ```ts
 * const trace = traceLayer(model.getLayer('lstm'), x);
 * await writeFile('gates.svg', await toSvg(await gateHeatmap(trace, { sortUnits: 'saturation' })));
 * trace.dispose();
 * ```
 *
 * A panel is an image of at most 720 x 240 pixels; beyond that, each pixel is the mean of the values that it covers. With
 * more than 2500 values per panel, tooltips show the means of blocks.
 *
 * @param trace Of any LSTM, [B, T, U], or an entry of `traceModel`, which also names the layer; it is not disposed.
 * @throws RangeError (as a rejection) for what is not a trace or an empty one, for a sample out of range, for a number of
 *   labels other than that of the timesteps, and for options of the wrong type.
 */
export async function gateHeatmap(trace: TraceToDraw, options: GateHeatmapOptions = {}): Promise<VegaLiteSpec> {
  const where = 'gateHeatmap';
  const given = givenOptions(where, options, RULES);
  const { quantities = QUANTITIES, sortUnits = 'index', theme = 'light' } = given;
  const { sample, name } = await readSample(where, trace, given.sample);
  const time = timeAxis(where, sample.timesteps, given);
  const picture: Picture = {
    sample,
    order: unitOrder(sample, sortUnits),
    time,
    height: given.height ?? Math.min(Math.max(80, sample.units * 7), 240),
    theme,
    isIncomplete: { masked: sample.valid.includes(false), nonFinite: countNonFinite(sample, quantities) > 0 },
  };
  const reaches = quantities.map((quantity) => reachOf(sample, quantity));
  const panels = await Promise.all(
    quantities.map((quantity, n) => panel(picture, quantity, reaches[n] as Reach, n === 0)),
  );
  const columns = time.width > 450 ? 1 : 2;
  const order = { index: '', saturation: ', the most saturated first', activity: ', the most active first' }[sortUnits];
  return specification(
    given,
    {
      title: titleOf('Gates and states over time', name),
      subtitle: [
        `${describeSample(sample)}; ${amount(sample.units, 'unit')}${order}`,
        ...quantities.flatMap((quantity, n) => describeClipping(sample, quantity, reaches[n] as Reach)),
        ...describeNonFinite(sample, quantities),
      ],
      width: Math.min(columns, panels.length) * (time.width + 100),
    },
    {
      data: { values: tileRows(picture) },
      params: [...time.params, { name: 'unitIndices', value: picture.order.map((unit) => sample.unitIndices[unit]) }],
      columns,
      concat: panels,
      resolve: { scale: { color: 'independent' } },
    },
  );
}

interface Picture {
  sample: Sample;
  /** Positions of the units, from the top. */
  order: number[];
  time: TimeAxis;
  height: number;
  theme: Theme;
  isIncomplete: { masked: boolean; nonFinite: boolean };
}

async function panel(picture: Picture, quantity: Quantity, reach: Reach, isFirst: boolean): Promise<Json> {
  const { sample, order, time, height, theme, isIncomplete } = picture;
  const { width } = time;
  const view = quantityView(quantity, sample, reach.shown, theme);
  const [lowest, highest] = view.domain;
  const ticks = lowest === 0 ? [SATURATED.low, 0.5, SATURATED.high] : [lowest, 0, highest];
  const isClipped = highest === reach.shown && reach.shown < reach.largest;
  const size = { rows: sample.units, columns: sample.timesteps };
  const image = heatImage(heatMatrix(size, LARGEST_IMAGE, valueAt(sample, quantity, order)), view);
  return {
    width,
    height,
    title: QUANTITY_TITLES[quantity],
    layer: [
      ...maskedSteps(sample.valid, time, height, theme),
      await imageLayer(image, width, height),
      tileLayer(quantity, view, { ticks, length: Math.min(LEGEND_LENGTH, height), isClipped }, tileAxes(picture)),
      ...(isFirst ? exceptionKey(isIncomplete, theme) : []),
    ],
  };
}

/** The value of a unit, by its row, at a timestep; null at masked ones. */
function valueAt({ values, valid, units }: Sample, quantity: Quantity, order: readonly number[]) {
  return (row: number, t: number) =>
    valid[t] ? (values[quantity][t * units + (order[row] as number)] as number) : null;
}

/** A row of data for each tile in which a step is valid: where it is, whose it is, and the mean of each quantity. */
function tileRows({ sample, order, time }: Picture): Json[] {
  const { timesteps, units } = sample;
  const limit = timesteps * units <= MOST_TILES ? { columns: timesteps, rows: units } : TOOLTIP_TILES;
  const rows = binsOf(units, limit.rows);
  return binsOf(timesteps, limit.columns).flatMap((column) => {
    if (!sample.valid.slice(column.first, column.last + 1).includes(true)) return [];
    return rows.map((row) => {
      const tile: Json = {
        start: column.first - 0.5,
        end: column.last + 0.5,
        top: row.first - 0.5,
        bottom: row.last + 0.5,
        time: stretchText(column),
        unit: unitNames(sample, order, row),
      };
      if (time.labels !== null) tile.label = joinedLabels(time.labels, column);
      for (const quantity of QUANTITIES) {
        tile[quantity] = plainNumber(tileMean(row, column, valueAt(sample, quantity, order)) as number);
      }
      return tile;
    });
  });
}

function unitNames({ unitIndices }: Sample, order: readonly number[], row: Stretch): string {
  const names = order.slice(row.first, row.last + 1).map((position) => unitIndices[position] as number);
  const isRun = names.every((name, n) => n === 0 || name === (names[n - 1] as number) + 1);
  if (isRun) return stretchText({ first: names[0] as number, last: names.at(-1) as number });
  return names.length > 8 ? `${names.slice(0, 8).join(', ')}, …` : names.join(', ');
}

function tileAxes({ sample, time, height }: Picture): Json {
  return {
    x: { ...time.channel, field: 'start' },
    x2: { field: 'end' },
    y: {
      field: 'top',
      type: 'quantitative',
      // The first unit on top.
      scale: { domain: [-0.5, sample.units - 0.5], reverse: true, nice: false, zero: false },
      axis: { ...UNIT_AXIS, tickCount: Math.max(1, Math.floor(height / PIXELS_PER_TICK)) },
    },
    y2: { field: 'bottom' },
    tooltip: [
      { field: 'time', type: 'nominal', title: 'timestep' },
      ...(time.labels === null ? [] : [{ field: 'label', type: 'nominal', title: 'label' }]),
      { field: 'unit', type: 'nominal', title: 'unit' },
      ...QUANTITIES.map((name) => ({ field: name, type: 'quantitative', title: QUANTITY_TITLES[name] })),
    ],
  };
}

const UNIT_AXIS = {
  title: 'unit',
  grid: false,
  tickMinStep: 1,
  labelExpr: "datum.value % 1 === 0 && isValid(unitIndices[datum.value]) ? unitIndices[datum.value] : ''",
};

function describeClipping(sample: Sample, quantity: Quantity, { largest, shown }: Reach): string[] {
  const { domain } = quantityView(quantity, sample, shown, 'light');
  if (domain[1] !== shown || shown === largest) return [];
  const ends = `colours of ${quantity} end at ±${shortNumber(shown)}, the 95th percentile`;
  return [`${ends}: the largest value is ±${shortNumber(largest)}`];
}

import { type OptionRules, oneOf } from '../../core/options.js';
import { amount, SATURATED, shortNumber } from '../../inspect/words.js';
import type { Theme } from '../rows/colours.js';
import { heatImage, LARGEST_IMAGE, tileMean } from '../rows/heat.js';
import { plainNumber } from '../rows/plain-number.js';
import { quantityView } from '../rows/quantity-view.js';
import { countNonFinite, gridOf, type Reach, reachOf, type Sample, titleOfQuantity, widthOf } from '../rows/sample.js';
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
import {
  describeNonFinite,
  describeSample,
  readSample,
  requireQuantities,
  type TraceToDraw,
  titleOf,
} from './read-sample.js';

/** The options of `gateHeatmap`. */
export interface GateHeatmapOptions extends TimePlotOptions {
  /** Index of the sample in the batch. Default: 0. */
  sample?: number;
  /** Which of i, f, g, o, c, h, or of a variant's own gates and states, to draw, with one panel each. Default: all. */
  quantities?: readonly string[];
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
 * @category Pictures of gates
 */
export async function gateHeatmap(trace: TraceToDraw, options: GateHeatmapOptions = {}): Promise<VegaLiteSpec> {
  const where = 'gateHeatmap';
  const given = givenOptions(where, options, RULES);
  const { sortUnits = 'index', theme = 'light' } = given;
  const { sample, name } = await readSample(where, trace, given.sample);
  const quantities = requireQuantities(where, sample, given);
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
      data: { values: tileRows(picture, unitsOf(picture)) },
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

async function panel(picture: Picture, quantity: string, reach: Reach, isFirst: boolean): Promise<Json> {
  const { sample, time, height, theme, isIncomplete } = picture;
  const { width } = time;
  const view = quantityView(quantity, sample, reach.shown, theme);
  const [lowest, highest] = view.domain;
  const ticks = lowest === 0 ? [SATURATED.low, 0.5, SATURATED.high] : [lowest, 0, highest];
  const isClipped = highest === reach.shown && reach.shown < reach.largest;
  const count = widthOf(sample, quantity);
  const isOfUnits = count === sample.units;
  const rows = isOfUnits ? unitsOf(picture) : valuesAlone(quantity, count);
  const image = heatImage(gridOf(sample, quantity, rows.order), LARGEST_IMAGE, view);
  return {
    width,
    height,
    title: titleOfQuantity(sample, quantity),
    layer: [
      ...maskedSteps(sample.valid, time, height, theme),
      await imageLayer(image, width, height),
      {
        ...(isOfUnits ? {} : { data: { values: tileRows(picture, rows) } }),
        ...tileLayer(
          quantity,
          view,
          { ticks, length: Math.min(LEGEND_LENGTH, height), isClipped },
          tileAxes(picture, rows),
        ),
      },
      ...(isFirst ? exceptionKey(isIncomplete, theme) : []),
    ],
  };
}

/** What the rows of a panel are of. */
interface PanelRows {
  quantities: readonly string[];
  /** Positions, from the top. */
  order: readonly number[];
  /** By position, what they are called; null where they are just counted. */
  unitIndices: readonly number[] | null;
}

/** A row a unit. */
function unitsOf({ sample, order }: Picture): PanelRows {
  const quantities = Object.keys(sample.values).filter((quantity) => widthOf(sample, quantity) === sample.units);
  return { quantities, order, unitIndices: sample.unitIndices };
}

/** A row a value of a quantity that has more or fewer than there are units. */
function valuesAlone(quantity: string, width: number): PanelRows {
  return { quantities: [quantity], order: Array.from({ length: width }, (_, n) => n), unitIndices: null };
}

/** A row of data for each tile in which a step is valid: where it is, whose it is, and the mean of each quantity. */
function tileRows({ sample, time }: Picture, { quantities, order, unitIndices }: PanelRows): Json[] {
  const { timesteps } = sample;
  const units = order.length;
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
        unit: unitNames(unitIndices, order, row),
      };
      if (time.labels !== null) tile.label = joinedLabels(time.labels, column);
      for (const quantity of quantities) {
        tile[quantity] = plainNumber(tileMean(gridOf(sample, quantity, order), row, column) as number);
      }
      return tile;
    });
  });
}

function unitNames(unitIndices: readonly number[] | null, order: readonly number[], row: Stretch): string {
  const names = order.slice(row.first, row.last + 1).map((position) => unitIndices?.[position] ?? position);
  const isRun = names.every((name, n) => n === 0 || name === (names[n - 1] as number) + 1);
  if (isRun) return stretchText({ first: names[0] as number, last: names.at(-1) as number });
  return names.length > 8 ? `${names.slice(0, 8).join(', ')}, …` : names.join(', ');
}

function tileAxes({ sample, time, height }: Picture, { quantities, order, unitIndices }: PanelRows): Json {
  const axis = unitIndices === null ? VALUE_AXIS : UNIT_AXIS;
  const what = unitIndices === null ? 'value' : 'unit';
  return {
    x: { ...time.channel, field: 'start' },
    x2: { field: 'end' },
    y: {
      field: 'top',
      type: 'quantitative',
      // The first unit on top.
      scale: { domain: [-0.5, order.length - 0.5], reverse: true, nice: false, zero: false },
      axis: { ...axis, tickCount: Math.max(1, Math.floor(height / PIXELS_PER_TICK)) },
    },
    y2: { field: 'bottom' },
    tooltip: [
      { field: 'time', type: 'nominal', title: 'timestep' },
      ...(time.labels === null ? [] : [{ field: 'label', type: 'nominal', title: 'label' }]),
      { field: 'unit', type: 'nominal', title: what },
      ...quantities.map((name) => ({ field: name, type: 'quantitative', title: titleOfQuantity(sample, name) })),
    ],
  };
}

const UNIT_AXIS = {
  title: 'unit',
  grid: false,
  tickMinStep: 1,
  labelExpr: "datum.value % 1 === 0 && isValid(unitIndices[datum.value]) ? unitIndices[datum.value] : ''",
};

const VALUE_AXIS = { title: 'value', grid: false, tickMinStep: 1, format: 'd' };

function describeClipping(sample: Sample, quantity: string, { largest, shown }: Reach): string[] {
  const { domain } = quantityView(quantity, sample, shown, 'light');
  if (domain[1] !== shown || shown === largest) return [];
  const ends = `colours of ${quantity} end at ±${shortNumber(shown)}, the 95th percentile`;
  return [`${ends}: the largest value is ±${shortNumber(largest)}`];
}

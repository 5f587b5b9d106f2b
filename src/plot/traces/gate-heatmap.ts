import { QUANTITIES, type Quantity } from '../../inspect/statistics/quantities.js';
import type { GateTrace } from '../../layers/trace.js';
import { maskedRuns } from '../data/masked-runs.js';
import { type ColourScale, colourScale, QUANTITY_TITLES, quantityView } from '../data/quantity-view.js';
import { largestOf, readSample, type Sample } from '../data/read-sample.js';
import { requireLabels, type TimeLabels } from '../data/time-labels.js';
import { SATURATION_THRESHOLDS, UNIT_SORTINGS, type UnitSorting, unitOrder } from '../data/unit-order.js';
import { NON_FINITE } from '../specification/colours.js';
import { maskedSteps } from '../specification/masked-steps.js';
import { type PlotOptions, requireOneOf, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { type TimeAxis, timeAxis, timeWidth } from '../specification/time-axis.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { cellGrid, cellRows, panelImage } from './heatmap-cells.js';
import { requireQuantities } from './require-quantities.js';

export interface GateHeatmapOptions extends PlotOptions {
  /** Index of the sample in the batch. Default: 0. */
  sample?: number;
  /** Which of i, f, g, o, c, h to draw, a panel each. Default: all. */
  quantities?: readonly Quantity[];
  /** One for each timestep, such as the tokens of a text; written along time. */
  labels?: TimeLabels;
  /**
   * Which units are drawn first: by their number, those whose gates i, f and o are most often saturated, or those whose
   * hidden state moves most. Default: 'index'.
   */
  sortUnits?: UnitSorting;
}

/**
 * Every unit at every timestep of one sample: a panel a gate, time from left to right, a row a unit. Masked steps are
 * grey and hatched, values that are NaN or infinite are red.
 *
 * ```ts
 * const trace = traceLayer(model.getLayer('lstm'), x);
 * await writeFile('gates.svg', await toSvg(await gateHeatmap(trace, { sortUnits: 'saturation' })));
 * trace.dispose();
 * ```
 *
 * A trace with more than 2500 values a panel is drawn as an image of at most 720 x 240 pixels, each the mean of what it
 * covers; the tooltip then tells the means of blocks.
 *
 * @param trace Of any LSTM, [B, T, U]; it remains the caller's.
 * @throws RangeError (by the promise) for what is not a trace or an empty one, a sample that there is not, labels that
 *   are not as many as timesteps, and options of other kinds than described.
 */
export async function gateHeatmap(trace: GateTrace, options: GateHeatmapOptions = {}): Promise<VegaLiteSpec> {
  const where = 'gateHeatmap';
  requirePlotOptions(where, options, ['sample', 'quantities', 'labels', 'sortUnits']);
  const { quantities = QUANTITIES, sortUnits = 'index' } = options;
  requireQuantities(where, quantities);
  requireOneOf(where, 'sortUnits', UNIT_SORTINGS, sortUnits);
  const sample = await readSample(where, trace, options.sample);
  const labels = requireLabels(where, options.labels, sample.timesteps);
  const width = options.width ?? timeWidth(sample.timesteps, labels);
  const height = options.height ?? Math.min(Math.max(80, sample.units * 7), 240);
  const time = timeAxis(sample.timesteps, labels, width);
  const picture = { sample, order: unitOrder(sample, sortUnits), labels, time, options: { ...options, width, height } };
  const grid = cellGrid(sample);
  const rows = cellRows(sample, picture.order, labels, grid);
  const panels = await Promise.all(quantities.map((quantity) => panel(picture, quantity, grid.isWhole)));
  return specification(options, heading(sample, sortUnits), {
    data: { values: rows },
    params: [...time.params, { name: 'unitNumbers', value: picture.order.map((unit) => sample.unitNumbers[unit]) }],
    columns: width > 450 ? 1 : 2,
    concat: panels,
    resolve: { scale: { color: 'independent' } },
  });
}

interface Picture {
  sample: Sample;
  order: number[];
  labels: string[] | null;
  time: TimeAxis;
  options: GateHeatmapOptions & { width: number; height: number };
}

async function panel(picture: Picture, quantity: Quantity, isWhole: boolean): Promise<Json> {
  const { sample, order, options } = picture;
  const { theme = 'light', width, height } = options;
  const view = quantityView(quantity, sample, largestOf(sample, quantity), theme);
  const image = isWhole ? null : await panelImage(sample, quantity, order, view);
  const x = picture.time.channel;
  return {
    ...{ width, height, title: QUANTITY_TITLES[quantity] },
    layer: [
      ...maskedSteps(maskedRuns(sample.valid), x, height, theme),
      ...(image === null ? [] : [imageLayer(image, width, height)]),
      cellLayer(picture, quantity, colourScale(view), image === null),
    ],
  };
}

function cellLayer({ sample, labels, time }: Picture, quantity: Quantity, scale: ColourScale, isVisible: boolean): Json {
  const [lowest, highest] = [scale.domain[0], scale.domain.at(-1)] as [number, number];
  const [low, high] = SATURATION_THRESHOLDS;
  const values = lowest === 0 ? [low, 0.5, high] : [lowest, 0, highest];
  const legend = { title: null, gradientLength: 80, values, format: '.3~g' };
  const isMissing = `!isValid(datum.${quantity})`;
  return {
    mark: { type: 'rect', invalid: null, ...(isVisible ? { strokeWidth: 0 } : { opacity: 0 }), aria: false },
    encoding: {
      x: { ...time.channel, field: 'start' },
      x2: { field: 'end' },
      y: { field: 'top', type: 'quantitative', scale: unitScale(sample.units), axis: UNIT_AXIS },
      y2: { field: 'bottom' },
      color: {
        condition: { test: isMissing, value: NON_FINITE },
        ...{ field: quantity, type: 'quantitative', scale, legend },
      },
      tooltip: [
        { field: 'time', type: 'nominal', title: 'timestep' },
        ...(labels === null ? [] : [{ field: 'label', type: 'nominal', title: 'label' }]),
        { field: 'unit', type: 'nominal', title: 'unit' },
        ...QUANTITIES.map((name) => ({ field: name, type: 'quantitative', title: QUANTITY_TITLES[name] })),
      ],
    },
  };
}

function imageLayer(url: string, width: number, height: number): Json {
  return {
    data: { values: [{ url }] },
    mark: { type: 'image', aspect: false, smooth: false, width, height, align: 'left', baseline: 'top', aria: false },
    encoding: { x: { value: 0 }, y: { value: 0 }, url: { field: 'url', type: 'nominal' }, tooltip: { value: null } },
  };
}

const UNIT_AXIS = {
  ...{ title: 'unit', grid: false, tickMinStep: 1, tickCount: 8 },
  labelExpr: "datum.value % 1 === 0 && isValid(unitNumbers[datum.value]) ? unitNumbers[datum.value] : ''",
};

/** The first unit on top. */
function unitScale(units: number): Json {
  return { domain: [-0.5, units - 0.5], reverse: true, nice: false, zero: false };
}

function heading({ sample, timesteps, units, valid }: Sample, sorting: UnitSorting) {
  const masked = valid.filter((isValid) => !isValid).length;
  const order = { index: '', saturation: ', the most saturated first', activity: ', the most active first' }[sorting];
  const subtitle = `sample ${sample}: ${timesteps} timesteps${masked === 0 ? '' : `, ${masked} of them masked`}; ${units} units${order}`;
  return { title: 'Gates and states over time', subtitle };
}

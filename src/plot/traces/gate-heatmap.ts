import { QUANTITIES, type Quantity } from '../../core/quantities.js';
import { amount } from '../../inspect/words.js';
import type { GateTrace } from '../../layers/trace.js';
import { maskedRuns } from '../data/masked-runs.js';
import { colourScale, QUANTITY_TITLES, quantityView } from '../data/quantity-view.js';
import { readSample } from '../data/read-sample.js';
import { largestOf, type Sample } from '../data/sample.js';
import { requireLabels, type TimeLabels } from '../data/time-labels.js';
import { SATURATION_THRESHOLDS, UNIT_SORTINGS, type UnitSorting, unitOrder } from '../data/unit-order.js';
import { cellLayer, imageLayer } from '../specification/heat-layers.js';
import { maskedSteps } from '../specification/masked-steps.js';
import { type PlotOptions, requireOneOf, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { type TimeAxis, timeAxis, timeWidth } from '../specification/time-axis.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { cellRows, panelImage } from './heatmap-cells.js';
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
 * A panel is an image of at most 720 x 240 pixels, beyond which each is the mean of what it covers. With more than 2500
 * values a panel, tooltips tell the means of blocks.
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
  const panels = await Promise.all(quantities.map((quantity) => panel(picture, quantity)));
  return specification(options, heading(sample, sortUnits), {
    data: { values: cellRows(sample, picture.order, labels) },
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

async function panel(picture: Picture, quantity: Quantity): Promise<Json> {
  const { sample, order, options, time } = picture;
  const { theme = 'light', width, height } = options;
  const view = quantityView(quantity, sample, largestOf(sample, quantity), theme);
  const [lowest, highest] = view.domain;
  const [low, high] = SATURATION_THRESHOLDS;
  const ticks = lowest === 0 ? [low, 0.5, high] : [lowest, 0, highest];
  return {
    ...{ width, height, title: QUANTITY_TITLES[quantity] },
    layer: [
      ...maskedSteps(maskedRuns(sample.valid), time.channel, height, theme),
      imageLayer(await panelImage(sample, quantity, order, view), width, height),
      cellLayer(quantity, colourScale(view), ticks, 80, cellAxes(picture)),
    ],
  };
}

function cellAxes({ sample, labels, time }: Picture): Json {
  return {
    x: { ...time.channel, field: 'start' },
    x2: { field: 'end' },
    y: { field: 'top', type: 'quantitative', scale: unitScale(sample.units), axis: UNIT_AXIS },
    y2: { field: 'bottom' },
    tooltip: [
      { field: 'time', type: 'nominal', title: 'timestep' },
      ...(labels === null ? [] : [{ field: 'label', type: 'nominal', title: 'label' }]),
      { field: 'unit', type: 'nominal', title: 'unit' },
      ...QUANTITIES.map((name) => ({ field: name, type: 'quantitative', title: QUANTITY_TITLES[name] })),
    ],
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
  const subtitle = `sample ${sample}: ${amount(timesteps, 'timestep')}${masked === 0 ? '' : `, ${masked} of them masked`}; ${amount(units, 'unit')}${order}`;
  return { title: 'Gates and states over time', subtitle };
}

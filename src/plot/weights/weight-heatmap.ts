import type * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { GATE_NAMES } from '../../core/gates.js';
import { binsOf } from '../data/bins.js';
import { plainNumber } from '../data/plain-number.js';
import { colourScale, type QuantityView } from '../data/quantity-view.js';
import { DIVERGING } from '../specification/colours.js';
import { heatImage } from '../specification/heat-image.js';
import { cellLayer, imageLayer } from '../specification/heat-layers.js';
import { type PlotOptions, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { THEME_COLOURS, type Theme } from '../specification/theme.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { readWeights, WEIGHT_NAMES, WEIGHT_TITLES, type WeightName, type WeightValues } from './read-weights.js';

export interface WeightHeatmapOptions extends PlotOptions {
  /** Which of kernel, recurrentKernel and bias, a panel each. Default: all there are. */
  weights?: readonly WeightName[];
}

/** Tooltips tell the means of blocks where there are more weights than this. */
const TOOLTIP_CELLS = { columns: 64, rows: 24 };
const MOST_PIXELS = { columns: 1024, rows: 512 };

/**
 * A layer's weights as pictures: a row an input feature or a hidden unit, a column a unit of each gate, with a line
 * between the gates. Blue is negative, orange positive, red NaN or infinite; each panel has its own scale.
 *
 * ```ts
 * show(await weightHeatmap(model.getLayer('lstm')));
 * ```
 *
 * A weight of more than 1024 columns or 512 rows is drawn as means of neighbours.
 *
 * @param layer A built LSTM of this package or of tfjs, `tf.layers.rnn` over one cell of either, or such a cell.
 * @throws RangeError (by the promise) for a layer that is not an LSTM and for options of other kinds than described;
 *   Error for a layer that is not built or is disposed.
 */
export async function weightHeatmap(layer: tf.layers.Layer, options: WeightHeatmapOptions = {}): Promise<VegaLiteSpec> {
  const where = 'weightHeatmap';
  requirePlotOptions(where, options, ['weights']);
  const read = await readWeights(where, layer);
  const { weights = WEIGHT_NAMES.filter((name) => read[name] !== null), theme = 'light', width = 560 } = options;
  requireWeights(where, weights, read.bias !== null);
  const panels = weights.map((name) => {
    const height = name === 'bias' ? 24 : (options.height ?? 200);
    return panel(name, read[name] as WeightValues, { width, height, theme });
  });
  const { name } = layer;
  return specification(
    options,
    { title: `Weights of ${name}`, subtitle: 'by gate: i, f, g, o' },
    {
      vconcat: await Promise.all(panels),
      resolve: { scale: { color: 'independent', x: 'independent', y: 'independent' } },
    },
  );
}

async function panel(name: WeightName, weight: WeightValues, size: { width: number; height: number; theme: Theme }) {
  const { width, height, theme } = size;
  const { rows, columns } = weight;
  const units = columns / GATE_NAMES.length;
  const limit = largestOf(weight.values) || 1;
  const view: QuantityView = { domain: [-limit, limit], ramp: DIVERGING[theme] };
  const x = { type: 'quantitative', scale: { domain: [0, columns], nice: false, zero: false } };
  const gateAxis = {
    values: GATE_NAMES.map((_, n) => (n + 0.5) * units),
    labelExpr: `['i', 'f', 'g', 'o'][floor(datum.value / ${units})]`,
    ...{ title: `gate, ${units} ${units === 1 ? 'unit' : 'units'} each`, grid: false, ticks: false, labelFontSize: 12 },
  };
  const axes = cellAxes(name, { ...x, axis: gateAxis }, rows);
  const cells = cellLayer('value', colourScale(view), [-limit, 0, limit], name === 'bias' ? 24 : 80, axes);
  return {
    ...{ width, height, title: `${WEIGHT_TITLES[name]} [${name === 'bias' ? columns : `${rows}, ${columns}`}]` },
    layer: [
      imageLayer(await weightImage(weight, view), width, height),
      { data: { values: tooltipCells(weight) }, ...cells },
      {
        data: { values: [1, 2, 3].map((gate) => ({ edge: gate * units })) },
        mark: { type: 'rule', color: THEME_COLOURS[theme].text, strokeWidth: 1.5, tooltip: null },
        encoding: { x: { field: 'edge', ...x } },
      },
    ],
  };
}

function cellAxes(name: WeightName, x: Json, rows: number): Json {
  const rowTitle = { kernel: 'input feature', recurrentKernel: 'hidden unit', bias: '' }[name];
  const axis = name === 'bias' ? null : { title: rowTitle, grid: false, tickMinStep: 1, tickCount: 6, format: 'd' };
  return {
    x: { field: 'start', ...x },
    x2: { field: 'end' },
    y: { field: 'top', type: 'quantitative', scale: { domain: [0, rows], reverse: true, nice: false }, axis },
    y2: { field: 'bottom' },
    tooltip: [
      { field: 'gate', type: 'nominal', title: 'gate' },
      { field: 'unit', type: 'nominal', title: 'unit' },
      ...(name === 'bias' ? [] : [{ field: 'row', type: 'nominal', title: rowTitle }]),
      { field: 'value', type: 'quantitative', title: 'weight' },
    ],
  };
}

function weightImage(weight: WeightValues, view: QuantityView): Promise<string> {
  const columns = binsOf(weight.columns, MOST_PIXELS.columns);
  const rows = binsOf(weight.rows, MOST_PIXELS.rows);
  const values = rows.flatMap((row) => columns.map((column) => mean(weight, row, column)));
  return heatImage(values, columns.length, view);
}

/** Blocks within one gate each. */
function tooltipCells(weight: WeightValues): Json[] {
  const units = weight.columns / GATE_NAMES.length;
  const rows = binsOf(weight.rows, TOOLTIP_CELLS.rows);
  const ofGate = binsOf(units, TOOLTIP_CELLS.columns / GATE_NAMES.length);
  return rows.flatMap((row) =>
    GATE_NAMES.flatMap((gate, n) =>
      ofGate.map(({ first, last }) => {
        const column = { first: n * units + first, last: n * units + last };
        return {
          ...{ gate, unit: range(first, last), row: range(row.first, row.last) },
          ...{ start: column.first, end: column.last + 1, top: row.first, bottom: row.last + 1 },
          value: plainNumber(mean(weight, row, column)),
        };
      }),
    ),
  );
}

function mean({ values, columns }: WeightValues, row: Range, column: Range): number {
  let sum = 0;
  for (let r = row.first; r <= row.last; r++) {
    for (let c = column.first; c <= column.last; c++) sum += values[r * columns + c] as number;
  }
  return sum / ((row.last - row.first + 1) * (column.last - column.first + 1));
}

interface Range {
  first: number;
  last: number;
}

function range(first: number, last: number): string {
  return first === last ? `${first}` : `${first} to ${last}`;
}

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let n = 0; n < values.length; n++) {
    const size = Math.abs(values[n] as number);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  return largest;
}

function requireWeights(where: string, weights: unknown, hasBias: boolean): void {
  const names = WEIGHT_NAMES.filter((name) => name !== 'bias' || hasBias);
  if (Array.isArray(weights) && weights.length > 0 && weights.every((name) => names.includes(name))) return;
  throw invalidArgument(where, `weights must be a list of some of '${names.join("', '")}'`, weights);
}

import type * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import type { OptionRules } from '../../core/options.js';
import { GATE_NAMES } from '../../core/quantities.js';
import { CELL_WEIGHTS, type CellWeight, type WeightName } from '../../core/weights.js';
import { amount } from '../../inspect/words.js';
import type { Theme } from '../rows/colours.js';
import { heatImage, heatMatrix, tileMean } from '../rows/heat.js';
import { plainNumber } from '../rows/plain-number.js';
import { symmetricView } from '../rows/quantity-view.js';
import { binsOf, stretchText } from '../rows/stretches.js';
import { imageLayer, tileLayer } from '../specification/heat-layers.js';
import { exceptionKey } from '../specification/masked-steps.js';
import { givenOptions, PLOT_RULES, type PlotOptions, someOf } from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import { type Json, THEME_COLOURS } from '../specification/theme.js';
import { readWeights, type WeightValues } from './read-weights.js';

/** The options of `weightHeatmap`. */
export interface WeightHeatmapOptions extends PlotOptions {
  /** Which of kernel, recurrentKernel and bias, with one panel each. Default: all that the layer has. */
  weights?: readonly WeightName[];
}

const WEIGHT_NAMES = CELL_WEIGHTS.map(({ property }) => property);

const RULES: OptionRules = { ...PLOT_RULES, weights: someOf(WEIGHT_NAMES) };

/** With more weights than this, tooltips show the means of blocks. */
const TOOLTIP_TILES = { columns: 64, rows: 24 };
const LARGEST_IMAGE = { columns: 1024, rows: 512 };
const VECTOR_HEIGHT = 24;
/** Three labels of a legend run into each other on less. */
const SHORTEST_WITH_MIDDLE = 40;

/**
 * A layer's weights as pictures: one row per input feature or hidden unit, one column per unit of each gate, with a line
 * between the gates. Blue is negative, orange positive, red NaN or infinite; each panel has its own scale.
 *
 * ```ts
 * show(await weightHeatmap(model.getLayer('lstm')));
 * ```
 *
 * A weight with more than 1024 columns or 512 rows is drawn as means of neighbouring values.
 *
 * @param layer A built LSTM of this package or of tfjs, `tf.layers.rnn` over one cell of either, or such a cell.
 * @throws RangeError (as a rejection) for a layer that is not an LSTM, and for options of the wrong type; Error for a
 *   layer that is not built or is disposed.
 */
export async function weightHeatmap(layer: tf.layers.Layer, options: WeightHeatmapOptions = {}): Promise<VegaLiteSpec> {
  const where = 'weightHeatmap';
  const given = givenOptions(where, options, RULES);
  const read = await readWeights(where, layer);
  const { weights = WEIGHT_NAMES.filter((name) => read[name] !== null), theme = 'light', width = 560 } = given;
  if (weights.some((name) => read[name] === null)) {
    throw invalidArgument(where, 'weights must be some of those that the layer has: it has no bias', weights);
  }
  const nonFinite = weights.map((name) => countNonFinite(read[name] as WeightValues));
  const hasNonFinite = nonFinite.some((count) => count > 0);
  const panels = weights.map((name, n) => {
    const weight = weightCalled(name);
    const height = weight.row === null ? VECTOR_HEIGHT : (given.height ?? 200);
    return panel(weight, read[name] as WeightValues, { width, height, theme, hasKey: hasNonFinite && n === 0 });
  });
  const counts = weights.flatMap((name, n) =>
    nonFinite[n] === 0 ? [] : [`${amount(nonFinite[n] as number, 'value')} of ${weightCalled(name).title}`],
  );
  return specification(
    given,
    {
      title: `Weights of ${layer.name}`,
      subtitle: ['by gate: i, f, g, o', ...(hasNonFinite ? [`red: NaN or infinite, ${counts.join(', ')}`] : [])],
      width,
    },
    {
      vconcat: await Promise.all(panels),
      resolve: { scale: { color: 'independent', x: 'independent', y: 'independent' } },
    },
  );
}

function weightCalled(name: WeightName): CellWeight {
  return CELL_WEIGHTS.find(({ property }) => property === name) as CellWeight;
}

interface PanelLook {
  width: number;
  height: number;
  theme: Theme;
  /** Whether the key of NaN stands beside it. */
  hasKey: boolean;
}

async function panel({ title, row }: CellWeight, weight: WeightValues, look: PanelLook): Promise<Json> {
  const { width, height, theme, hasKey } = look;
  const { rows, columns } = weight;
  const units = columns / GATE_NAMES.length;
  const limit = largestOf(weight) || 1;
  const view = symmetricView(limit, theme);
  const x = { type: 'quantitative', scale: { domain: [0, columns], nice: false, zero: false } };
  const gateAxis = {
    values: GATE_NAMES.map((_, n) => (n + 0.5) * units),
    labelExpr: `['i', 'f', 'g', 'o'][floor(datum.value / ${units})]`,
    title: `gate, ${amount(units, 'unit')} each`,
    grid: false,
    ticks: false,
    labelFontSize: 12,
  };
  const isShort = height < SHORTEST_WITH_MIDDLE;
  const legend = { ticks: isShort ? [-limit, limit] : [-limit, 0, limit], length: Math.min(80, height) };
  const image = heatImage(heatMatrix({ rows, columns }, LARGEST_IMAGE, valueAt(weight)), view);
  return {
    width,
    height,
    title: `${title} [${row === null ? columns : `${rows}, ${columns}`}]`,
    layer: [
      await imageLayer(image, width, height),
      {
        data: { values: tooltipTiles(weight) },
        ...tileLayer('value', view, legend, tileAxes(row, { ...x, axis: gateAxis }, rows)),
      },
      {
        data: { values: [1, 2, 3].map((gate) => ({ edge: gate * units })) },
        mark: { type: 'rule', color: THEME_COLOURS[theme].text, strokeWidth: 1.5, tooltip: null },
        encoding: { x: { field: 'edge', ...x } },
      },
      ...(hasKey ? exceptionKey({ masked: false, nonFinite: true }, theme) : []),
    ],
  };
}

function tileAxes(row: CellWeight['row'], x: Json, rows: number): Json {
  const rowTitle = row && { feature: 'input feature', unit: 'hidden unit' }[row];
  const axis = row === null ? null : { title: rowTitle, grid: false, tickMinStep: 1, tickCount: 6, format: 'd' };
  return {
    x: { field: 'start', ...x },
    x2: { field: 'end' },
    y: { field: 'top', type: 'quantitative', scale: { domain: [0, rows], reverse: true, nice: false }, axis },
    y2: { field: 'bottom' },
    tooltip: [
      { field: 'gate', type: 'nominal', title: 'gate' },
      { field: 'unit', type: 'nominal', title: 'unit' },
      ...(row === null ? [] : [{ field: 'row', type: 'nominal', title: rowTitle }]),
      { field: 'value', type: 'quantitative', title: 'weight' },
    ],
  };
}

function valueAt({ values, columns }: WeightValues): (row: number, column: number) => number {
  return (row, column) => values[row * columns + column] as number;
}

/** Blocks within one gate each. */
function tooltipTiles(weight: WeightValues): Json[] {
  const units = weight.columns / GATE_NAMES.length;
  const rows = binsOf(weight.rows, TOOLTIP_TILES.rows);
  const ofGate = binsOf(units, TOOLTIP_TILES.columns / GATE_NAMES.length);
  return rows.flatMap((row) =>
    GATE_NAMES.flatMap((gate, n) =>
      ofGate.map((unit) => {
        const column = { first: n * units + unit.first, last: n * units + unit.last };
        return {
          gate,
          unit: stretchText(unit),
          row: stretchText(row),
          start: column.first,
          end: column.last + 1,
          top: row.first,
          bottom: row.last + 1,
          value: plainNumber(tileMean(row, column, valueAt(weight)) as number),
        };
      }),
    ),
  );
}

function largestOf({ values }: WeightValues): number {
  let largest = 0;
  for (let n = 0; n < values.length; n++) {
    const size = Math.abs(values[n] as number);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  return largest;
}

function countNonFinite({ values }: WeightValues): number {
  return Array.from(values).filter((value) => !Number.isFinite(value)).length;
}

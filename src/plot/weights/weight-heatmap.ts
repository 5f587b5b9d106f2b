import type * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { CHECKED_LATER, type OptionRules } from '../../core/options.js';
import { type Block, CELL_WEIGHTS, type WeightFacts, type WeightName } from '../../core/weights.js';
import { WHOLE } from '../../inspect/weights/by-block.js';
import { amount } from '../../inspect/words.js';
import type { Theme } from '../rows/colours.js';
import { heatImage, tileMean, type ValueGrid } from '../rows/heat.js';
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
  /**
   * Which of kernel, recurrentKernel and bias, or of a variant's own weights by the names of the cell's properties, with one
   * panel each. Default: all that the layer has.
   */
  weights?: readonly (WeightName | (string & {}))[];
}

const WEIGHT_NAMES: readonly string[] = CELL_WEIGHTS.map(({ property }) => property);

const RULES: OptionRules = { ...PLOT_RULES, weights: CHECKED_LATER };

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
 * @category Pictures of weights
 */
export async function weightHeatmap(layer: tf.layers.Layer, options: WeightHeatmapOptions = {}): Promise<VegaLiteSpec> {
  const where = 'weightHeatmap';
  const given = givenOptions(where, options, RULES);
  const read = await readWeights(where, layer);
  const { theme = 'light', width = 560 } = given;
  const weights = chosenWeights(where, read, given.weights);
  const nonFinite = weights.map(countNonFinite);
  const hasNonFinite = nonFinite.some((count) => count > 0);
  const panels = weights.map((weight, n) => {
    const height = weight.row === null ? VECTOR_HEIGHT : (given.height ?? 200);
    return panel(weight, { width, height, theme, hasKey: hasNonFinite && n === 0 });
  });
  const counts = weights.flatMap(({ title }, n) =>
    nonFinite[n] === 0 ? [] : [`${amount(nonFinite[n] as number, 'value')} of ${title}`],
  );
  return specification(
    given,
    {
      title: `Weights of ${layer.name}`,
      subtitle: [
        `by gate: ${gatesOf(weights).join(', ')}`,
        ...(hasNonFinite ? [`red: NaN or infinite, ${counts.join(', ')}`] : []),
      ],
      width,
    },
    {
      vconcat: await Promise.all(panels),
      resolve: { scale: { color: 'independent', x: 'independent', y: 'independent' } },
    },
  );
}

/** @throws RangeError for one that the cell does not have. */
function chosenWeights(where: string, read: WeightValues[], given: unknown): WeightValues[] {
  if (given === undefined) return read;
  const there = read.map(({ property }) => property);
  const rule = someOf([...new Set([...WEIGHT_NAMES, ...there])]);
  if (!rule.holds(given)) throw invalidArgument(where, `weights must be ${rule.must}`, given);
  const missing = (given as string[]).filter((name) => !there.includes(name));
  if (missing.length > 0) {
    const lacks = missing.join(' and no ');
    throw invalidArgument(where, `weights must be some of those that the layer has: it has no ${lacks}`, given);
  }
  return (given as string[]).map((name) => read[there.indexOf(name)] as WeightValues);
}

/** Of all weights, in order. */
function gatesOf(weights: readonly WeightValues[]): string[] {
  const names = new Set(weights.flatMap(({ blocks }) => blocks.map(({ name }) => name)));
  return [...names].filter((name) => name !== WHOLE);
}

interface PanelLook {
  width: number;
  height: number;
  theme: Theme;
  /** Whether the key of NaN stands beside it. */
  hasKey: boolean;
}

async function panel(weight: WeightValues, look: PanelLook): Promise<Json> {
  const { width, height, theme, hasKey } = look;
  const { title, row, rows, columns, blocks } = weight;
  const starts = startsOf(weight);
  const limit = largestOf(weight) || 1;
  const view = symmetricView(limit, theme);
  const x = { type: 'quantitative', scale: { domain: [0, columns], nice: false, zero: false } };
  const gateAxis = {
    values: blocks.map(({ width }, n) => (starts[n] as number) + 0.5 * width),
    labelExpr: labelsOf(blocks, starts),
    title: titleOfBlocks(blocks),
    grid: false,
    ticks: false,
    labelFontSize: 12,
  };
  const isShort = height < SHORTEST_WITH_MIDDLE;
  const legend = { ticks: isShort ? [-limit, limit] : [-limit, 0, limit], length: Math.min(80, height) };
  const image = heatImage(gridOf(weight), LARGEST_IMAGE, view);
  return {
    width,
    height,
    title: `${title} [${row === null && rows === 1 ? columns : `${rows}, ${columns}`}]`,
    layer: [
      await imageLayer(image, width, height),
      {
        data: { values: tooltipTiles(weight) },
        ...tileLayer('value', view, legend, tileAxes(row, { ...x, axis: gateAxis }, rows)),
      },
      {
        data: { values: starts.slice(1).map((edge) => ({ edge })) },
        mark: { type: 'rule', color: THEME_COLOURS[theme].text, strokeWidth: 1.5, tooltip: null },
        encoding: { x: { field: 'edge', ...x } },
      },
      ...(hasKey ? exceptionKey({ masked: false, nonFinite: true }, theme) : []),
    ],
  };
}

/** Where each block begins. */
function startsOf({ blocks }: WeightValues): number[] {
  const starts: number[] = [];
  let start = 0;
  for (const { width } of blocks) {
    starts.push(start);
    start += width;
  }
  return starts;
}

/** Names the block that a value of the axis lies in. */
function labelsOf(blocks: readonly Block[], starts: readonly number[]): string {
  const names = `[${blocks.map(({ name }) => `'${name === WHOLE ? '' : name}'`).join(', ')}]`;
  const width = (blocks[0] as Block).width;
  if (blocks.every((block) => block.width === width)) return `${names}[floor(datum.value / ${width})]`;
  const index = starts.slice(1).map((start) => `(datum.value >= ${start} ? 1 : 0)`);
  return `${names}[${index.join(' + ')}]`;
}

function titleOfBlocks(blocks: readonly Block[]): string {
  const [{ name, width }] = blocks as [Block];
  if (name === WHOLE) return amount(width, 'column');
  if (blocks.every((block) => block.width === width)) return `gate, ${amount(width, 'unit')} each`;
  return `gate, ${blocks.map((block) => `${block.name} ${block.width}`).join(', ')}`;
}

function tileAxes(row: WeightFacts['row'], x: Json, rows: number): Json {
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

function gridOf({ values, rows, columns }: WeightValues): ValueGrid {
  const starts = Array.from({ length: rows }, (_, row) => row * columns);
  return { values, starts, stride: 1, columns, isThere: null };
}

/** Blocks within one gate each. */
function tooltipTiles(weight: WeightValues): Json[] {
  const { blocks } = weight;
  const starts = startsOf(weight);
  const grid = gridOf(weight);
  const rows = binsOf(weight.rows, TOOLTIP_TILES.rows);
  const most = Math.ceil(TOOLTIP_TILES.columns / blocks.length);
  return rows.flatMap((row) =>
    blocks.flatMap(({ name: gate, width }, n) =>
      binsOf(width, most).map((unit) => {
        const start = starts[n] as number;
        const column = { first: start + unit.first, last: start + unit.last };
        return {
          gate,
          unit: stretchText(unit),
          row: stretchText(row),
          start: column.first,
          end: column.last + 1,
          top: row.first,
          bottom: row.last + 1,
          value: plainNumber(tileMean(grid, row, column) as number),
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

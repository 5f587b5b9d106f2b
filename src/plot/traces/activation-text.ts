import { invalidArgument } from '../../core/errors.js';
import { AN_INTEGER, type OptionRules } from '../../core/options.js';
import { channels, colourAt, inkOn, NON_FINITE, type Theme } from '../rows/colours.js';
import { plainNumber } from '../rows/plain-number.js';
import { fractionOf, type QuantityView, quantityView } from '../rows/quantity-view.js';
import { countNonFinite, indicesOf, largestOf, titleOfQuantity, widthOf } from '../rows/sample.js';
import { type TimeLabels, visibleLabel } from '../rows/time-labels.js';
import { colourLegend, colourScale } from '../specification/heat-layers.js';
import { exceptionKey } from '../specification/masked-steps.js';
import { A_QUANTITY, givenOptions, type PlotOptions, SAMPLE, TIME_PLOT_RULES } from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import { type Json, THEME_COLOURS } from '../specification/theme.js';
import { readSample, requireQuantities, type TraceToDraw, titleOf } from './read-sample.js';

/** The options of `activationText`. */
export interface ActivationTextOptions extends PlotOptions {
  /** The text: a token or a character for each timestep. Required. */
  timeLabels?: TimeLabels;
  /** @deprecated Name of `timeLabels` until 0.1. */
  labels?: TimeLabels;
  /** Index of the unit whose activity colours the text. */
  unit: number;
  /** Which of i, f, g, o, c, h; of a variant, which of its cell's gates and states. Default: 'h'. */
  quantity?: string;
  /** Index of the sample in the batch. Default: 0. */
  sample?: number;
}

const RULES: OptionRules = { ...TIME_PLOT_RULES, sample: SAMPLE, unit: AN_INTEGER, quantity: A_QUANTITY };

const LETTER_WIDTH = 8.4;
const LETTER_SIZE = 13;
const LINE_HEIGHT = 22;

/**
 * A text in which each token is coloured by what one unit does there, as in Karpathy, Johnson and Li 2015 (arXiv
 * 1506.02078), to find, say, a unit that counts, or one that is on between quotation marks. Masked steps are grey; values
 * that are NaN or infinite are red.
 *
 * ```ts
 * show(await activationText(trace, { timeLabels: [...text], unit: 17 }));
 * ```
 *
 * @param trace Of any LSTM, [B, T, U], or an entry of `traceModel`, which also names the layer; it is not disposed.
 * @throws RangeError (as a rejection) for what is not a trace or an empty one, for a sample or unit out of range, for a
 *   number of labels other than that of the timesteps, and for options of the wrong type.
 * @category Pictures of gates
 */
export async function activationText(trace: TraceToDraw, options: ActivationTextOptions): Promise<VegaLiteSpec> {
  const where = 'activationText';
  const given = givenOptions(where, options, RULES);
  const { quantity = 'h', unit, width = 640, theme = 'light' } = given;
  const { sample, name } = await readSample(where, trace, given.sample);
  requireQuantities(where, sample, { quantity });
  const title = titleOfQuantity(sample, quantity);
  const position = indicesOf(sample, quantity).indexOf(unit);
  if (position < 0) throw invalidArgument(where, 'unit must be among those of the trace', unit);
  const labels = requireText(where, given, sample.timesteps);
  const view = quantityView(quantity, sample, largestOf(sample, quantity, [position]), theme);
  const places = setText(labels, width);
  const values = sample.values[quantity] as ArrayLike<number>;
  const size = widthOf(sample, quantity);
  const tokens = places.map((place, timestep) => {
    const value = values[timestep * size + position] as number;
    const isMasked = !sample.valid[timestep];
    const shown = isMasked ? null : plainNumber(value);
    return { ...place, timestep, value: shown, masked: isMasked, ink: inkOf(shown, isMasked, view, theme) };
  });
  const lines = (places.at(-1)?.line ?? 0) + 1;
  const exceptions = {
    masked: sample.valid.includes(false),
    nonFinite: countNonFinite(sample, [quantity], [position]) > 0,
  };
  const picture = { view, theme, width, lines, valueTitle: `${title} of unit ${unit}` };
  return specification(
    given,
    {
      title: titleOf(`What unit ${unit} reads`, name),
      subtitle: [`${title} at each token; sample ${sample.sample}`],
      width,
    },
    {
      width,
      height: given.height ?? lines * LINE_HEIGHT,
      view: { stroke: null },
      data: { values: tokens },
      transform: [
        { calculate: 'datum.line + 0.04', as: 'top' },
        { calculate: 'datum.line + 0.96', as: 'bottom' },
        { calculate: 'datum.line + 0.5', as: 'middle' },
        { calculate: '(datum.start + datum.end) / 2', as: 'centre' },
      ],
      layer: [...textLayers(picture), ...exceptionKey(exceptions, theme)],
    },
  );
}

function requireText(
  where: string,
  { timeLabels, labels }: Pick<ActivationTextOptions, 'timeLabels' | 'labels'>,
  timesteps: number,
): string[] {
  const given = timeLabels ?? labels;
  if (given?.length !== timesteps) {
    const rule = `timeLabels must be one for each of ${timesteps} timesteps`;
    throw invalidArgument(where, rule, given && `${given.length} labels`);
  }
  return given.map((label) => visibleLabel(String(label)));
}

interface TextPicture {
  view: QuantityView;
  theme: Theme;
  width: number;
  lines: number;
  valueTitle: string;
}

function textLayers({ view, theme, width, lines, valueTitle }: TextPicture): Json[] {
  const place = {
    x: { field: 'start', type: 'quantitative', scale: { domain: [0, width], nice: false }, axis: null },
    y: { field: 'top', type: 'quantitative', scale: { domain: [0, lines], nice: false, reverse: true }, axis: null },
  };
  const [low, high] = view.domain;
  const legend = colourLegend(view, { ticks: [low, (low + high) / 2, high], length: 80 });
  const color = {
    condition: [
      { test: 'datum.masked', value: THEME_COLOURS[theme].masked },
      { test: '!isValid(datum.value)', value: NON_FINITE },
    ],
    field: 'value',
    type: 'quantitative',
    scale: colourScale(view),
    legend,
  };
  const tooltip = [
    { field: 'timestep', type: 'quantitative', title: 'timestep' },
    { field: 'token', type: 'nominal', title: 'label' },
    { field: 'value', type: 'quantitative', title: valueTitle },
  ];
  const letters = {
    x: { ...place.x, field: 'centre' },
    y: { ...place.y, field: 'middle' },
    text: { field: 'token', type: 'nominal' },
    color: { field: 'ink', type: 'nominal', scale: null },
  };
  return [
    {
      mark: { type: 'rect', invalid: null, aria: false },
      encoding: { ...place, x2: { field: 'end' }, y2: { field: 'bottom' }, color, tooltip },
    },
    { mark: { type: 'text', font: 'monospace', fontSize: LETTER_SIZE, tooltip: null }, encoding: letters },
  ];
}

function inkOf(value: number | null, isMasked: boolean, view: QuantityView, theme: Theme): string {
  if (isMasked) return THEME_COLOURS[theme].hatching;
  return inkOn(value === null ? channels(NON_FINITE) : colourAt(view.ramp, fractionOf(value, view)));
}

/** Where each token stands, in pixels and lines; a token that is longer than a line is cut. */
function setText(tokens: string[], width: number) {
  const longest = Math.max(1, Math.floor(width / LETTER_WIDTH));
  const gap = tokens.every((token) => [...token].length <= 1) ? 0 : 3;
  let line = 0;
  let end = 0;
  return tokens.map((whole) => {
    const token = [...whole].slice(0, longest).join('');
    const size = Math.max([...token].length, 1) * LETTER_WIDTH;
    if (end + size > width) {
      line += 1;
      end = 0;
    }
    const start = end;
    end = start + size + gap;
    return { token, line, start, end: start + size };
  });
}

import { invalidArgument } from '../../core/errors.js';
import { QUANTITIES, type Quantity } from '../../core/quantities.js';
import type { GateTrace } from '../../layers/trace.js';
import { plainNumber } from '../data/plain-number.js';
import { colourScale, QUANTITY_TITLES, type QuantityView, quantityView } from '../data/quantity-view.js';
import { readSample } from '../data/read-sample.js';
import { largestOf } from '../data/sample.js';
import { requireLabels, type TimeLabels, visibleLabel } from '../data/time-labels.js';
import { channels, colourAt, NON_FINITE } from '../specification/colours.js';
import { inkOn } from '../specification/ink.js';
import { type PlotOptions, requireOneOf, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { THEME_COLOURS, type Theme } from '../specification/theme.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';

export interface ActivationTextOptions extends PlotOptions {
  /** The text: a token or a character for each timestep. */
  labels: TimeLabels;
  /** Number of the unit that colours it. */
  unit: number;
  /** Which of its i, f, g, o, c, h. Default: 'h'. */
  quantity?: Quantity;
  /** Index of the sample in the batch. Default: 0. */
  sample?: number;
}

const [LETTER_WIDTH, LETTER_SIZE, LINE_HEIGHT] = [8.4, 13, 22];

/**
 * A text in which each token is coloured by what one unit does there, in the manner of Karpathy, Johnson and Li 2015
 * (arXiv 1506.02078): which unit counts, which opens with a quotation mark and closes with it.
 *
 * ```ts
 * show(await activationText(trace, { labels: [...text], unit: 17 }));
 * ```
 *
 * @param trace Of any LSTM, [B, T, U]; it remains the caller's.
 * @throws RangeError (by the promise) for what is not a trace or an empty one, a sample or a unit that there is not,
 *   labels that are not as many as timesteps, and options of other kinds than described.
 */
export async function activationText(trace: GateTrace, options: ActivationTextOptions): Promise<VegaLiteSpec> {
  const where = 'activationText';
  requirePlotOptions(where, options, ['sample', 'unit', 'quantity', 'labels']);
  const { quantity = 'h', unit, width = 640, theme = 'light' } = options;
  requireOneOf(where, 'quantity', QUANTITIES, quantity);
  const sample = await readSample(where, trace, options.sample);
  const position = sample.unitNumbers.indexOf(unit);
  if (position < 0) throw invalidArgument(where, 'unit must be among those of the trace', unit);
  const labels = requireLabels(where, options.labels, sample.timesteps);
  if (labels === null) throw invalidArgument(where, 'labels must be an array of strings or numbers', labels);
  const view = quantityView(quantity, sample, largestOf(sample, quantity), theme);
  const places = setText(labels.map(visibleLabel), width);
  const tokens = places.map((place, timestep) => {
    const value = sample.values[quantity][timestep * sample.units + position] as number;
    const isMasked = !sample.valid[timestep];
    const shown = isMasked ? null : plainNumber(value);
    return { ...place, timestep, value: shown, masked: isMasked, ink: inkOf(shown, isMasked, view, theme) };
  });
  const lines = (places.at(-1)?.line ?? 0) + 1;
  const subtitle = `${QUANTITY_TITLES[quantity]} at each token; sample ${sample.sample}${sample.valid.includes(false) ? '; masked steps are grey' : ''}`;
  const layer = textLayers({ view, theme, width, lines, valueTitle: `${QUANTITY_TITLES[quantity]} of unit ${unit}` });
  return specification(
    options,
    { title: `What unit ${unit} reads`, subtitle },
    {
      ...{ width, height: options.height ?? lines * LINE_HEIGHT, view: { stroke: null } },
      data: { values: tokens },
      transform: [
        { calculate: 'datum.line + 0.04', as: 'top' },
        { calculate: 'datum.line + 0.96', as: 'bottom' },
        { calculate: 'datum.line + 0.5', as: 'middle' },
        { calculate: '(datum.start + datum.end) / 2', as: 'centre' },
      ],
      layer,
    },
  );
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
  const legend = { title: null, gradientLength: 80, values: [low, (low + high) / 2, high], format: '.3~g' };
  const color = {
    condition: [
      { test: 'datum.masked', value: THEME_COLOURS[theme].masked },
      { test: '!isValid(datum.value)', value: NON_FINITE },
    ],
    ...{ field: 'value', type: 'quantitative', scale: colourScale(view), legend },
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

function inkOf(
  value: number | null,
  isMasked: boolean,
  { domain: [low, high], ramp }: QuantityView,
  theme: Theme,
): string {
  if (isMasked) return THEME_COLOURS[theme].hatching;
  return inkOn(value === null ? channels(NON_FINITE) : colourAt(ramp, (value - low) / (high - low)));
}

/** Where each token stands, in pixels and lines; a token that is longer than a line is cut. */
function setText(tokens: string[], width: number) {
  const longest = Math.max(1, Math.floor(width / LETTER_WIDTH));
  const gap = tokens.every((token) => [...token].length <= 1) ? 0 : 3;
  let [line, end] = [0, 0];
  return tokens.map((whole) => {
    const token = [...whole].slice(0, longest).join('');
    const size = Math.max([...token].length, 1) * LETTER_WIDTH;
    if (end + size > width) [line, end] = [line + 1, 0];
    const start = end;
    end = start + size + gap;
    return { token, line, start, end: start + size };
  });
}

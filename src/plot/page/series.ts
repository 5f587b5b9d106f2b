import { shortNumber } from '../../inspect/words.js';
import { CATEGORIES } from '../rows/colours.js';
import { heatImage, LARGEST_IMAGE } from '../rows/heat.js';
import { symmetricView } from '../rows/quantity-view.js';
import { create, createPlot, createSvg, element, PLOT_HEIGHT, pageTheme } from './elements.js';
import { decode } from './encoding.js';
import { putImage } from './heatmap.js';
import { connectPointing, stepAt } from './pointing.js';
import type { ReportInput } from './report-data.js';
import type { PageState } from './state.js';
import { pathsOf } from './timeline.js';

/** More features than that are drawn as a heatmap, not as lines. */
const MOST_LINES = 6;
/** What the model is given over time, above the heatmap and as wide, where that is not a text. */
export function connectSeries(state: PageState): void {
  const series = element<HTMLElement>('series');
  const { input } = state.data;
  if (input === null) return;
  connectPointing(state, series, (event) => {
    const plot = (event.target as Element).closest('svg, canvas');
    return plot === null ? null : { timestep: stepAt(event, plot, input.timesteps) };
  });
  const draw = () => {
    series.replaceChildren();
    const { timesteps, sequences } = input;
    if (state.view.trace.timesteps !== timesteps) return;
    const values = decode(sequences, { sample: state.view.sample, timesteps, quantity: 'x' });
    const drawn = input.width > MOST_LINES ? heatmap(input, values) : lines(input, values);
    const title = create('div', { class: 'row-title' });
    title.append(create('b', {}, 'x'), ...drawn.ends.map((end) => create('span', {}, shortNumber(end, 2))));
    series.append(title, drawn.picture);
  };
  state.onChange((_, changed) => {
    if (changed.has('sample') || changed.has('layer')) draw();
  });
  pageTheme.onChange(draw);
}

interface Drawn {
  picture: Element;
  /** The upper one first. */
  ends: [number, number];
}

/** @param x [width, T] */
function lines({ timesteps, width }: ReportInput, x: Float32Array): Drawn {
  const finite = x.filter(Number.isFinite);
  const low = finite.reduce((least, value) => Math.min(least, value), 0);
  const high = finite.reduce((most, value) => Math.max(most, value), low + 1e-6);
  const y = (value: number) => (((high - value) / (high - low)) * PLOT_HEIGHT).toFixed(2);
  const picture = createPlot(timesteps);
  const everyStep = {
    sample: 0,
    timesteps,
    units: 1,
    unitIndices: [],
    activation: '',
    recurrentActivation: '',
    valid: Array.from({ length: timesteps }, () => true),
  };
  const colours = CATEGORIES[pageTheme.current()];
  for (let feature = 0; feature < width; feature++) {
    const ofFeature = x.subarray(feature * timesteps, (feature + 1) * timesteps);
    const { line } = pathsOf({ ...everyStep, values: { x: ofFeature } }, 'x', 0, y);
    picture.append(createSvg('path', { d: line, class: 'line', stroke: colours[feature] as string }));
  }
  return { picture, ends: [high, low] };
}

function heatmap({ timesteps, width }: ReportInput, x: Float32Array): Drawn {
  const largest = x.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  const canvas = create('canvas', { 'aria-hidden': 'true' }) as HTMLCanvasElement;
  const starts = Array.from({ length: width }, (_, feature) => feature * timesteps);
  const grid = { values: x, starts, stride: 1, columns: timesteps, isThere: null };
  putImage(canvas, heatImage(grid, LARGEST_IMAGE, symmetricView(largest, pageTheme.current())));
  canvas.classList.add('heatmap');
  return { picture: canvas, ends: [largest, -largest] };
}

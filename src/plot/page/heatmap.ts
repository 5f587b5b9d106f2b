import { percent, shortNumber } from '../../inspect/words.js';
import { CATEGORIES } from '../rows/colours.js';
import { heatImage, type IndexedImage, LARGEST_IMAGE } from '../rows/heat.js';
import { gridOf, indicesOf, type Sample } from '../rows/sample.js';
import { maskedRuns } from '../rows/stretches.js';
import { visibleLabel } from '../rows/time-labels.js';
import { create, createSvg, element, pageTheme } from './elements.js';
import { connectPointing, stepAt } from './pointing.js';
import { shownView } from './shown-view.js';
import { type Change, orderOf, type PageState, spanOf, type View } from './state.js';

/** The heatmap of one layer. */
interface LayerMap {
  layer: number;
  block: HTMLElement;
  canvas: HTMLCanvasElement;
  overlay: SVGElement;
  rows: HTMLElement;
  columns: HTMLElement;
  order: number[];
}

/**
 * All units over all time, of the chosen layer or of all side by side: a canvas with a pixel a tile, stretched; over it
 * masked steps, the chosen unit and those that are pinned; beside it their numbers and the labels along time.
 */
export function connectHeatmap(state: PageState): void {
  const place = element<HTMLElement>('maps');
  let maps: LayerMap[] = [];
  const observer = new ResizeObserver(() => {
    for (const map of maps) drawAxes(map, state);
  });
  const drawAll = () => {
    for (const map of maps) draw(map, state);
    drawLegend(state.view);
    // Axes want to know how large maps are. They are drawn when that is known anyway, not by a layout of their own.
    observer.unobserve(place);
    observer.observe(place);
  };
  state.onChange((view, changed) => {
    const layers = maps.map(({ layer }) => layer);
    if (layers.join() !== view.shown.join()) {
      const hadFocus = maps.some(({ canvas }) => canvas === document.activeElement);
      maps = view.shown.map((layer) => layerMap(state, layer));
      place.replaceChildren(...maps.map(({ block }) => block));
      place.classList.toggle('alongside', maps.length > 1);
      if (hadFocus) maps.find(({ layer }) => layer === view.layer)?.canvas.focus();
      drawAll();
    } else if (['sample', 'quantity', 'sorting', 'isStretched'].some((key) => changed.has(key as Change))) {
      drawAll();
    }
    for (const map of maps) mark(map, view, state);
  });
  pageTheme.onChange(drawAll);
}

function layerMap(state: PageState, layer: number): LayerMap {
  const { title } = state.data.layers[layer] as { title: string };
  const block = create('div', { class: 'layer-map' });
  const head = create('button', { type: 'button', class: 'map-title' }, title);
  head.addEventListener('click', () => state.select({ layer }));
  const columns = create('div', { class: 'columns', 'aria-hidden': 'true' });
  const rows = create('div', { class: 'rows', 'aria-hidden': 'true' });
  const frame = create('div', { class: 'map' });
  const canvas = create('canvas', {
    class: 'heatmap',
    tabindex: '0',
    role: 'application',
    'aria-roledescription': 'heatmap',
    'aria-describedby': 'keys',
  }) as HTMLCanvasElement;
  const overlay = createSvg('svg', { class: 'overlay', 'aria-hidden': 'true' });
  frame.append(canvas, overlay);
  block.append(...(state.view.areAllShown ? [create('div'), head] : []), create('div'), columns, rows, frame);
  const map: LayerMap = { layer, block, canvas, overlay, rows, columns, order: [] };
  connectPointing(state, canvas, (event) => {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * map.order.length);
    const unit = map.order[Math.min(Math.max(row, 0), map.order.length - 1)] as number;
    return { layer, unit, timestep: stepAt(event, canvas, state.traceOf(layer).timesteps) };
  });
  canvas.addEventListener('keydown', (event) => {
    if (event.key === 'p') state.togglePin(state.view);
  });
  canvas.addEventListener('focus', () => state.select({ layer }));
  return map;
}

function draw(map: LayerMap, state: PageState): void {
  const { view } = state;
  const trace = state.traceOf(map.layer);
  const quantity = quantityIn(trace, view.quantity);
  map.order = map.layer === view.layer ? view.order : orderOf(trace, quantity, view.sorting);
  const colours = shownView({ quantity, isStretched: view.isStretched }, trace);
  putImage(map.canvas, heatImage(gridOf(trace, quantity, map.order), LARGEST_IMAGE, colours));
  map.block.style.setProperty('--rows', `${map.order.length}`);
}

/** Makes a canvas as large as an image, and puts it there. */
export function putImage(canvas: HTMLCanvasElement, { width, height, pixels, palette }: IndexedImage): void {
  canvas.width = width;
  canvas.height = height;
  // So that the pixels stay in the processor's memory: a graphics card only for them is a third of a second to wait for.
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  const image = context.createImageData(width, height);
  // A colour at a time, in whatever order the machine has the bytes of a number.
  const colours = new Uint32Array(Uint8Array.from(palette.flat()).buffer);
  const target = new Uint32Array(image.data.buffer);
  for (let n = 0; n < pixels.length; n++) target[n] = colours[pixels[n] as number] as number;
  context.putImageData(image, 0, 0);
}

/** Another layer may lack what the chosen one has. */
function quantityIn(trace: Sample, quantity: string): string {
  return quantity in trace.values ? quantity : (Object.keys(trace.values)[0] as string);
}

/** In pixels, what a number and a label take. */
const ROW_ROOM = 12;
const CHARACTER_ROOM = 6.2;

function drawAxes({ layer, rows, columns, order, canvas }: LayerMap, state: PageState): void {
  const { view } = state;
  const trace = state.traceOf(layer);
  const { width, height } = canvas.getBoundingClientRect();
  const indices = indicesOf(trace, quantityIn(trace, view.quantity));
  const rowStride = Math.max(1, Math.ceil((ROW_ROOM * order.length) / Math.max(1, height)));
  rows.replaceChildren(
    ...order.flatMap((position, row) => {
      if (row % rowStride !== 0) return [];
      const label = create('span', {}, `${indices[position]}`);
      label.style.top = `${(100 * (row + 0.5)) / order.length}%`;
      return label;
    }),
  );
  columns.replaceChildren(
    ...columnLabels(view, trace.timesteps, width).map(({ t, text }) => {
      const label = create('span', {}, text);
      label.style.left = `${(100 * (t + 0.5)) / trace.timesteps}%`;
      return label;
    }),
  );
}

/** The labels along time where each has room, since a text with gaps cannot be read; else the numbers of some steps. */
function columnLabels({ labels }: View, timesteps: number, width: number): { t: number; text: string }[] {
  const room = width / timesteps;
  const texts = labels?.map(visibleLabel);
  if (texts?.every((text) => room >= CHARACTER_ROOM * text.length)) return texts.map((text, t) => ({ t, text }));
  const stride = roundStride(Math.max(1, (CHARACTER_ROOM * (`${timesteps}`.length + 1)) / room));
  return Array.from({ length: Math.ceil(timesteps / stride) }, (_, n) => ({ t: n * stride, text: `${n * stride}` }));
}

/** The least of 1, 2, 5, 10, 20, … that is as large. */
function roundStride(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return Math.round(([1, 2, 5, 10].find((factor) => factor * power >= least) as number) * power);
}

function mark({ layer, overlay, order, canvas }: LayerMap, view: View, state: PageState): void {
  const trace = state.traceOf(layer);
  const percentOf = (value: number, of: number) => `${(100 * value) / of}%`;
  const column = (first: number, last: number, kind: string) =>
    createSvg('rect', {
      x: percentOf(first, trace.timesteps),
      width: percentOf(last - first + 1, trace.timesteps),
      y: 0,
      height: '100%',
      class: kind,
    });
  const row = (unit: number, kind: string, stroke = 'none') => {
    const drawn = createSvg('rect', {
      x: 0,
      width: '100%',
      y: percentOf(order.indexOf(unit), order.length),
      height: percentOf(1, order.length),
      class: kind,
    });
    // The style of the page, which has a colour for the chosen row, comes before an attribute.
    drawn.setAttribute('stroke', stroke);
    return drawn;
  };
  const { first, last } = spanOf(view);
  const pins = view.pins.flatMap((pin, n) => (pin.layer === layer ? [row(pin.unit, 'pinned-row', pinColour(n))] : []));
  overlay.replaceChildren(
    ...maskedRuns(trace.valid).map((run) => column(run.first, run.last, 'masked')),
    ...pins,
    ...(layer === view.layer ? [row(view.unit, 'chosen-row')] : []),
    ...(last > first ? [column(first, last, 'span')] : []),
    ...(layer === view.at.layer && view.at.unit !== view.unit ? [row(view.at.unit, 'hovered-row')] : []),
  );
  const { title } = state.data.layers[layer] as { title: string };
  const indices = indicesOf(trace, quantityIn(trace, view.quantity));
  const selected = layer === view.layer ? `, ${view.noun} ${indices[view.unit]}, step ${view.timestep}` : '';
  canvas.setAttribute('aria-label', `${quantityIn(trace, view.quantity)} of ${title}, every unit over time${selected}`);
}

/** The colour of the n-th pin; the first colour is that of the chosen unit. */
export function pinColour(n: number): string {
  const colours = CATEGORIES[pageTheme.current()].slice(1);
  return colours[n % colours.length] as string;
}

function drawLegend(view: View): void {
  const { domain, ramp, clipped, extremes } = shownView(view, view.trace);
  const bar = create('span', { class: 'ramp' });
  bar.style.background = `linear-gradient(to right, ${ramp.join(', ')})`;
  const [low, high] = domain.map((end) => shortNumber(end, 2));
  const parts = [create('span', {}, low), bar, create('span', {}, high)];
  if (clipped > 0 && extremes !== null) {
    const [least, most] = extremes.map((end) => shortNumber(end, 2));
    parts.push(create('span', {}, `${percent(clipped)} of the values are beyond: they go from ${least} to ${most}`));
  }
  element('legend').replaceChildren(...parts);
}

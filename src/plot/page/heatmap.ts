import { shortNumber } from '../../inspect/words.js';
import { type Colour, heatImage, heatMatrix, LARGEST_IMAGE } from '../rows/heat.js';
import { type QuantityView, quantityView } from '../rows/quantity-view.js';
import { reachOf } from '../rows/sample.js';
import { maskedRuns } from '../rows/stretches.js';
import { create, createSvg, element, pageTheme } from './elements.js';
import type { PageState, View } from './state.js';

/** All units over all time: a canvas with a pixel a tile, stretched; over it the masked steps and the chosen unit. */
export function connectHeatmap(state: PageState): void {
  const canvas = element<HTMLCanvasElement>('heatmap');
  const overlay = element<SVGSVGElement>('heatmap-overlay');
  const select = (event: PointerEvent) => {
    const box = canvas.getBoundingClientRect();
    const { trace, order } = state.view;
    const row = Math.floor(((event.clientY - box.top) / box.height) * order.length);
    const timestep = Math.floor(((event.clientX - box.left) / box.width) * trace.timesteps);
    const unit = order[Math.min(Math.max(row, 0), order.length - 1)] as number;
    state.select({ timestep, unit });
  };
  canvas.addEventListener('pointerdown', select);
  canvas.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const { order, unit, timestep } = state.view;
    const row = Math.min(Math.max(order.indexOf(unit) + step.row, 0), order.length - 1);
    state.select({ timestep: timestep + step.time, unit: order[row] as number });
  });
  state.onChange((view, changed) => {
    const isSameImage = changed.size > 0 && [...changed].every((key) => key === 'unit' || key === 'timestep');
    if (!isSameImage) draw(canvas, view);
    drawOverlay(overlay, view);
  });
  pageTheme.onChange(() => draw(canvas, state.view));
}

const STEPS: Record<string, { time: number; row: number }> = {
  ArrowLeft: { time: -1, row: 0 },
  ArrowRight: { time: 1, row: 0 },
  ArrowUp: { time: 0, row: -1 },
  ArrowDown: { time: 0, row: 1 },
};

function draw(canvas: HTMLCanvasElement, view: View): void {
  const { trace, quantity } = view;
  const { largest, shown } = reachOf(trace, quantity);
  const scale = quantityView(quantity, trace, shown, pageTheme.current());
  drawImage(canvas, view, scale);
  drawLegend(scale, scale.domain[1] === shown && shown < largest ? largest : null);
}

function drawImage(canvas: HTMLCanvasElement, { trace, order, quantity }: View, scale: QuantityView): void {
  const { timesteps, valid } = trace;
  const values = trace.values[quantity] as ArrayLike<number>;
  const units = order.length;
  const valueAt = (row: number, t: number) =>
    valid[t] ? (values[t * units + (order[row] as number)] as number) : null;
  const { width, height, pixels, palette } = heatImage(
    heatMatrix({ rows: units, columns: timesteps }, LARGEST_IMAGE, valueAt),
    scale,
  );
  canvas.width = width;
  canvas.height = height;
  canvas.parentElement?.style.setProperty('--rows', `${units}`);
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(width, height);
  for (const [n, index] of pixels.entries()) image.data.set(palette[index] as Colour, 4 * n);
  context.putImageData(image, 0, 0);
}

function drawOverlay(overlay: SVGSVGElement, { trace, order, unit }: View): void {
  const percent = (value: number, of: number) => `${(100 * value) / of}%`;
  const masked = maskedRuns(trace.valid).map(({ first, last }) =>
    createSvg('rect', {
      x: percent(first, trace.timesteps),
      width: percent(last - first + 1, trace.timesteps),
      y: 0,
      height: '100%',
      class: 'masked',
    }),
  );
  const row = createSvg('rect', {
    x: 0,
    width: '100%',
    y: percent(order.indexOf(unit), order.length),
    height: percent(1, order.length),
    class: 'chosen-row',
  });
  // The first child defines the hatching.
  overlay.replaceChildren(overlay.firstElementChild as Element, ...masked, row);
}

/** @param beyond The largest value, where colours end below it. */
function drawLegend({ domain, ramp }: QuantityView, beyond: number | null): void {
  const [low, high] = domain.map((end) => shortNumber(end));
  const bar = create('span', { class: 'ramp' });
  bar.style.background = `linear-gradient(to right, ${ramp.join(', ')})`;
  const ends =
    beyond === null ? [`${low}`, `${high}`] : [`≤ ${low}`, `≥ ${high}; the largest is ±${shortNumber(beyond)}`];
  element('legend').replaceChildren(create('span', {}, ends[0]), bar, create('span', {}, ends[1]));
}

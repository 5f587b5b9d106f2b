import { maskedRuns } from '../../data/masked-runs.js';
import { quantityView } from '../../data/quantity-view.js';
import { largestOf } from '../../data/sample.js';
import { channels, colourAt, NON_FINITE } from '../../specification/colours.js';
import { create, createSvg, element } from './elements.js';
import type { PageState, View } from './state.js';
import { pageTheme } from './theme.js';

/** All units over all time: a canvas with a pixel a value, stretched; over it the masked steps and the chosen unit. */
export function connectHeatmap(state: PageState): void {
  const canvas = element<HTMLCanvasElement>('heatmap');
  const overlay = element<SVGSVGElement>('heatmap-overlay');
  const select = (event: PointerEvent) => {
    const box = canvas.getBoundingClientRect();
    const { trace, order } = state.view;
    const row = Math.floor(((event.clientY - box.top) / box.height) * trace.units);
    const timestep = Math.floor(((event.clientX - box.left) / box.width) * trace.timesteps);
    const unit = order[Math.min(Math.max(row, 0), trace.units - 1)] as number;
    state.select({ timestep, unit });
  };
  canvas.addEventListener('pointerdown', select);
  canvas.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const { order, unit, timestep, trace } = state.view;
    const row = Math.min(Math.max(order.indexOf(unit) + step.row, 0), trace.units - 1);
    state.select({ timestep: timestep + step.time, unit: order[row] as number });
  });
  state.onChange((view, changed) => {
    const isSameImage = changed.size > 0 && [...changed].every((key) => key === 'unit' || key === 'timestep');
    if (!isSameImage) {
      drawImage(canvas, view);
      drawLegend(view);
    }
    drawOverlay(overlay, view);
  });
  pageTheme.onChange(() => {
    drawImage(canvas, state.view);
    drawLegend(state.view);
  });
}

const STEPS: Record<string, { time: number; row: number }> = {
  ArrowLeft: { time: -1, row: 0 },
  ArrowRight: { time: 1, row: 0 },
  ArrowUp: { time: 0, row: -1 },
  ArrowDown: { time: 0, row: 1 },
};

function drawImage(canvas: HTMLCanvasElement, { trace, order, quantity }: View): void {
  const { timesteps, units, values, valid } = trace;
  [canvas.width, canvas.height] = [timesteps, units];
  canvas.parentElement?.style.setProperty('--rows', `${units}`);
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(timesteps, units);
  const { domain, ramp } = quantityView(quantity, trace, largestOf(trace, quantity), pageTheme.current());
  const missing = channels(NON_FINITE);
  for (const [row, position] of order.entries()) {
    for (let t = 0; t < timesteps; t++) {
      if (!valid[t]) continue;
      const value = values[quantity][t * units + position] as number;
      const fraction = (value - domain[0]) / (domain[1] - domain[0]);
      image.data.set([...(Number.isNaN(value) ? missing : colourAt(ramp, fraction)), 255], 4 * (row * timesteps + t));
    }
  }
  context.putImageData(image, 0, 0);
}

function drawOverlay(overlay: SVGSVGElement, { trace, order, unit }: View): void {
  const percent = (value: number, of: number) => `${(100 * value) / of}%`;
  const masked = maskedRuns(trace.valid).map(({ first, last }) =>
    createSvg('rect', {
      ...{ x: percent(first, trace.timesteps), width: percent(last - first + 1, trace.timesteps) },
      ...{ y: 0, height: '100%', class: 'masked' },
    }),
  );
  const row = createSvg('rect', {
    ...{ x: 0, width: '100%', y: percent(order.indexOf(unit), trace.units), height: percent(1, trace.units) },
    class: 'chosen-row',
  });
  // The first child defines the hatching.
  overlay.replaceChildren(overlay.firstElementChild as Element, ...masked, row);
}

function drawLegend({ trace, quantity }: View): void {
  const { domain, ramp } = quantityView(quantity, trace, largestOf(trace, quantity), pageTheme.current());
  const [low, high] = domain.map((end) => Number(end.toPrecision(3)));
  const bar = create('span', { class: 'ramp' });
  bar.style.background = `linear-gradient(to right, ${ramp.join(', ')})`;
  element('legend').replaceChildren(create('span', {}, `${low}`), bar, create('span', {}, `${high}`));
}

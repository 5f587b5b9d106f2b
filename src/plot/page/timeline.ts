import { SATURATED, shortNumber } from '../../inspect/words.js';
import { quantityView } from '../rows/quantity-view.js';
import { indicesOf, largestOf, titleOfQuantity, widthOf } from '../rows/sample.js';
import { maskedRuns } from '../rows/stretches.js';
import { timelinePoints } from '../rows/timeline.js';
import { create, createSvg, element } from './elements.js';
import type { PageState, View } from './state.js';

/** Lines are drawn in these units, and stretched. */
const HEIGHT = 100;

/** All quantities of the chosen unit over time, a row each, below the heatmap and as wide. */
export function connectTimeline(state: PageState): void {
  const timeline = element<HTMLElement>('timeline');
  const select = (event: PointerEvent) => {
    const plot = (event.target as Element).closest('svg');
    if (plot === null) return;
    const box = plot.getBoundingClientRect();
    state.select({ timestep: Math.floor(((event.clientX - box.left) / box.width) * state.view.trace.timesteps) });
  };
  timeline.addEventListener('pointerdown', select);
  timeline.addEventListener('pointermove', select);
  state.onChange((view, changed) => {
    if (changed.size === 1 && (changed.has('timestep') || changed.has('quantity'))) return;
    // A quantity of another width may have no value of this number.
    const drawn = Object.keys(view.trace.values).filter((quantity) => view.unit < widthOf(view.trace, quantity));
    timeline.replaceChildren(...drawn.flatMap((quantity) => [rowTitle(quantity, view), rowPlot(quantity, view)]));
  });
}

function rowTitle(quantity: string, view: View): HTMLElement {
  const [low, high] = domainOf(quantity, view).map((end) => shortNumber(end, 2));
  const title = create('div', { class: 'row-title', title: titleOfQuantity(view.trace, quantity) });
  title.append(create('b', {}, quantity), create('span', {}, high), create('span', {}, low));
  return title;
}

function rowPlot(quantity: string, view: View): SVGElement {
  const { trace, unit } = view;
  const { timesteps, valid } = trace;
  const [low, high] = domainOf(quantity, view);
  const y = (value: number) => (((high - value) / (high - low)) * HEIGHT).toFixed(2);
  const plot = createSvg('svg', {
    viewBox: `0 0 ${timesteps} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': `${titleOfQuantity(trace, quantity)} of unit ${indicesOf(trace, quantity)[unit]} over time`,
  });
  for (const { first, last } of maskedRuns(valid)) {
    plot.append(createSvg('rect', { x: first, width: last - first + 1, y: 0, height: HEIGHT, class: 'masked-row' }));
  }
  for (const level of low === 0 ? [SATURATED.low, SATURATED.high] : [0]) {
    plot.append(createSvg('line', { x1: 0, x2: timesteps, y1: y(level), y2: y(level), class: 'level' }));
  }
  let line = '';
  let band = '';
  let isDown = false;
  for (const { first, last, mean, min, max } of timelinePoints(trace, quantity, unit)) {
    const isDrawn = mean !== null && min !== null && max !== null && !Number.isNaN(mean);
    // A step is as wide as a tile of the heatmap, so that one between two masked ones is seen as well.
    if (isDrawn) line += `${isDown ? 'L' : 'M'}${first},${y(mean)}H${last + 1}`;
    if (isDrawn && max > min) band += `M${first},${y(max)}H${last + 1}V${y(min)}H${first}Z`;
    isDown = isDrawn;
  }
  if (band !== '') plot.append(createSvg('path', { d: band, class: 'band' }));
  plot.append(createSvg('path', { d: line, class: 'line' }));
  return plot;
}

function domainOf(quantity: string, { trace, unit }: View): [number, number] {
  return quantityView(quantity, trace, largestOf(trace, quantity, [unit]), 'light').domain;
}

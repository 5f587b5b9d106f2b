import { QUANTITIES, type Quantity } from '../../../core/quantities.js';
import { maskedRuns } from '../../data/masked-runs.js';
import { QUANTITY_TITLES, quantityView } from '../../data/quantity-view.js';
import { largestOf } from '../../data/sample.js';
import { SATURATION_THRESHOLDS } from '../../data/unit-order.js';
import { create, createSvg, element } from './elements.js';
import type { PageState, View } from './state.js';

/** Lines are drawn in these units, and stretched. */
const HEIGHT = 100;

/** The six quantities of the chosen unit over time, a row each, below the heatmap and as wide. */
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
    timeline.replaceChildren(...QUANTITIES.flatMap((quantity) => [rowTitle(quantity, view), rowPlot(quantity, view)]));
  });
}

function rowTitle(quantity: Quantity, view: View): HTMLElement {
  const [low, high] = domainOf(quantity, view).map((end) => Number(end.toPrecision(2)));
  const title = create('div', { class: 'row-title', title: QUANTITY_TITLES[quantity] });
  title.append(create('b', {}, quantity), create('span', {}, `${high}`), create('span', {}, `${low}`));
  return title;
}

function rowPlot(quantity: Quantity, view: View): SVGElement {
  const { trace, unit } = view;
  const { timesteps, units, valid, values } = trace;
  const [low, high] = domainOf(quantity, view);
  const y = (value: number) => ((high - value) / (high - low)) * HEIGHT;
  const plot = createSvg('svg', {
    ...{ viewBox: `0 0 ${timesteps} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
    'aria-label': `${QUANTITY_TITLES[quantity]} of unit ${trace.unitNumbers[unit]} over time`,
  });
  for (const { first, last } of maskedRuns(valid)) {
    plot.append(createSvg('rect', { x: first, width: last - first + 1, y: 0, height: HEIGHT, class: 'masked-row' }));
  }
  for (const level of low === 0 ? SATURATION_THRESHOLDS : [0]) {
    plot.append(createSvg('line', { x1: 0, x2: timesteps, y1: y(level), y2: y(level), class: 'level' }));
  }
  let path = '';
  let isDown = false;
  for (let t = 0; t < timesteps; t++) {
    const value = values[quantity][t * units + unit] as number;
    const isDrawn = valid[t] && !Number.isNaN(value);
    // A step is as wide as a cell of the heatmap, so that one between two masked ones is seen as well.
    if (isDrawn) path += `${isDown ? 'L' : 'M'}${t},${y(value).toFixed(2)}H${t + 1}`;
    isDown = Boolean(isDrawn);
  }
  plot.append(createSvg('path', { d: path, class: 'line' }));
  return plot;
}

function domainOf(quantity: Quantity, { trace }: View): [number, number] {
  return quantityView(quantity, trace, largestOf(trace, quantity), 'light').domain;
}

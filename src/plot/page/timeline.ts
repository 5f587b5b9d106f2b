import { SATURATED, shortNumber } from '../../inspect/words.js';
import { CATEGORIES } from '../rows/colours.js';
import { type QuantityView, quantityView } from '../rows/quantity-view.js';
import { largestOf, type Sample, titleOfQuantity } from '../rows/sample.js';
import { maskedRuns } from '../rows/stretches.js';
import { timelinePoints } from '../rows/timeline.js';
import { create, createPlot, createSvg, element, PLOT_HEIGHT, pageTheme } from './elements.js';
import { pinColour } from './heatmap.js';
import { connectPointing, stepAt } from './pointing.js';
import { type Change, isSamePin, type PageState, type Pin, type View } from './state.js';

/** A unit whose lines are drawn. */
export interface DrawnUnit extends Pin {
  /** Of this unit alone. */
  trace: Sample;
  colour: string;
  isChosen: boolean;
}

/** The chosen unit and those that are pinned, of layers with the same steps. */
export function drawnUnits(state: PageState): DrawnUnit[] {
  const { view } = state;
  const alongside = state.alongside(view.layer);
  const pinned = view.pins.flatMap((pin, n): DrawnUnit[] => {
    if (!alongside.includes(pin.layer)) return [];
    return [{ ...pin, trace: state.unitOf(pin), colour: pinColour(n), isChosen: isSamePin(pin, view) }];
  });
  if (pinned.some(({ isChosen }) => isChosen)) return pinned;
  const colour = CATEGORIES[pageTheme.current()][0] as string;
  const { layer, unit } = view;
  return [{ layer, unit, trace: state.unitOf(view), colour, isChosen: true }, ...pinned];
}

/** All quantities of the chosen unit and the pinned ones over time, a row each, below the heatmap and as wide. */
export function connectTimeline(state: PageState): void {
  const timeline = element<HTMLElement>('timeline');
  connectPointing(state, timeline, (event) => {
    const plot = (event.target as Element).closest('svg');
    return plot === null ? null : { timestep: stepAt(event, plot, state.view.trace.timesteps) };
  });
  const draw = () => {
    const units = drawnUnits(state);
    const { view } = state;
    // A quantity of another width may have no value of this number.
    const drawn = Object.keys(state.unitOf(view).values);
    timeline.replaceChildren(
      ...drawn.flatMap((quantity) => {
        const shown = units.filter(({ trace }) => quantity in trace.values);
        const scale = scaleOf(quantity, shown);
        return [rowTitle(quantity, view, scale), rowPlot(quantity, view, shown, scale)];
      }),
    );
  };
  state.onChange((_, changed) => {
    if (['layer', 'sample', 'unit', 'pins'].some((key) => changed.has(key as Change))) draw();
    mark(timeline, state.view);
  });
  pageTheme.onChange(draw);
}

function mark(timeline: HTMLElement, { quantity }: View): void {
  for (const button of timeline.querySelectorAll('button')) {
    button.setAttribute('aria-pressed', `${button.dataset.quantity === quantity}`);
  }
}

/** It covers all units that are drawn. */
export function scaleOf(quantity: string, units: readonly DrawnUnit[]): QuantityView {
  const largest = units.reduce((most, { trace }) => Math.max(most, largestOf(trace, quantity, [0])), 0);
  return quantityView(quantity, (units[0] as DrawnUnit).trace, largest, 'light');
}

function rowTitle(quantity: string, { trace }: View, { domain }: QuantityView): HTMLElement {
  const [low, high] = domain.map((end) => shortNumber(end, 2));
  const title = titleOfQuantity(trace, quantity);
  const row = create('div', { class: 'row-title' });
  // What a row shows is what the heatmap shows after a tap on its name.
  const name = create('button', { type: 'button', title, 'data-quantity': quantity }, quantity);
  name.setAttribute('aria-label', `${title}: show in the heatmap`);
  row.append(name, create('span', {}, high), create('span', {}, low));
  return row;
}

function rowPlot(quantity: string, view: View, units: readonly DrawnUnit[], scale: QuantityView): SVGElement {
  const { timesteps, valid } = view.trace;
  const [low, high] = scale.domain;
  const y = (value: number) => (((high - value) / (high - low)) * PLOT_HEIGHT).toFixed(2);
  const plot = createPlot(timesteps);
  for (const { first, last } of maskedRuns(valid)) {
    plot.append(
      createSvg('rect', { x: first, width: last - first + 1, y: 0, height: PLOT_HEIGHT, class: 'masked-row' }),
    );
  }
  for (const level of low === 0 ? [SATURATED.low, SATURATED.high] : [0]) {
    plot.append(createSvg('line', { x1: 0, x2: timesteps, y1: y(level), y2: y(level), class: 'level' }));
  }
  for (const { trace, colour, isChosen } of units) {
    const { line, band } = pathsOf(trace, quantity, 0, y);
    if (band !== '') plot.append(createSvg('path', { d: band, class: 'band', fill: colour }));
    const kind = isChosen ? 'line chosen' : 'line';
    plot.append(createSvg('path', { d: line, class: kind, stroke: colour }));
  }
  return plot;
}

/** A line through means, and where steps are drawn together a band from their least to their most. */
export function pathsOf(
  trace: Sample,
  quantity: string,
  unit: number,
  y: (value: number) => string,
): { line: string; band: string } {
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
  return { line, band };
}

import { percent, shortNumber } from '../../inspect/words.js';
import { visibleLabel } from '../rows/time-labels.js';
import { create, createPlot, createSvg, element, PLOT_HEIGHT } from './elements.js';
import { connectPointing, stepAt } from './pointing.js';
import type { ReportOutput } from './report-data.js';
import type { PageState, View } from './state.js';

/** What the model predicts at the step that is looked at, what was right, and the loss of every step over time. */
export function connectPredictions(state: PageState): void {
  const { outputs } = state.data;
  const place = element<HTMLElement>('predictions');
  state.onChange((view) => {
    place.replaceChildren(...outputs.flatMap((output) => predictionOf(output, view, null)));
  });
  connectLosses(state, outputs);
}

/** Where in an output a step is; null where the output has other places than the layer has steps. */
function placeOf({ isPerStep, places }: ReportOutput, { sample, at, trace }: View): number | null {
  if (!isPerStep) return places === 1 ? sample : null;
  return places === trace.timesteps ? sample * places + at.timestep : null;
}

/** @param title Beside the name of the output, if there is one. */
export function predictionOf(output: ReportOutput, view: View, title: string | null): HTMLElement[] {
  const place = placeOf(output, view);
  if (place === null) return [];
  const { isPerStep, losses, kind, name } = output;
  const heading = create(
    'p',
    { class: 'prediction-title' },
    isPerStep ? 'prediction here' : 'prediction for the sequence',
  );
  if (title !== null) heading.textContent += ` ${title}`;
  heading.title = name;
  const loss = losses?.[place];
  if (loss !== undefined) heading.append(create('span', { class: 'quiet' }, ` loss ${shortNumber(loss)}`));
  const table = create('table', { class: 'prediction' });
  table.append(...(kind === 'classes' ? classRows(output, place) : numberRows(output, place)));
  return [heading, table];
}

function classRows(output: ReportOutput, place: number): HTMLElement[] {
  const { shown, classes, values, targets, targetProbabilities } = output;
  const target = targets?.[place];
  const rows = Array.from({ length: shown }, (_, n) => {
    return { index: classes?.[place * shown + n] as number, probability: values[place * shown + n] as number };
  });
  const probability = targetProbabilities?.[place];
  if (target !== undefined && probability !== undefined && !rows.some(({ index }) => index === target)) {
    rows.push({ index: target, probability });
  }
  return rows.map(({ index, probability }) => {
    const isTarget = index === target;
    const row = create('tr', { class: isTarget ? 'target' : '' });
    const name = visibleLabel(output.classNames?.[index] ?? `class ${index}`);
    const bar = create('i', { class: 'bar' });
    bar.style.width = `${100 * probability}%`;
    const cell = create('td', { class: 'bar-cell' });
    cell.append(bar);
    row.append(
      create('th', { scope: 'row' }, name),
      cell,
      create('td', { class: 'number' }, percent(probability)),
      create('td', {}, isTarget ? 'target' : ''),
    );
    return row;
  });
}

function numberRows({ shown, width, kind, values, targets }: ReportOutput, place: number): HTMLElement[] {
  const rows = Array.from({ length: shown }, (_, n) => {
    const [value, target] = [values[place * shown + n] as number, targets?.[place * shown + n]];
    const row = create('tr');
    const name = kind === 'probability' ? 'probability' : width > 1 ? `output ${n}` : 'output';
    row.append(create('th', { scope: 'row' }, name), create('td', { class: 'number' }, shortNumber(value)));
    if (target !== undefined) row.append(create('td', {}, `target ${shortNumber(target)}`));
    return row;
  });
  if (width > shown) {
    const more = create('tr');
    more.append(create('td', { colspan: '3', class: 'quiet' }, `and ${width - shown} more numbers`));
    rows.push(more);
  }
  return rows;
}

/** The loss of every step as bars above the heatmap, as wide. */
function connectLosses(state: PageState, outputs: readonly ReportOutput[]): void {
  const strip = element<HTMLElement>('losses');
  const shown = outputs.find(({ isPerStep, losses }) => isPerStep && losses !== null);
  if (shown === undefined) return;
  const { places } = shown;
  const losses = shown.losses as Float32Array;
  const most = losses.reduce((largest, loss) => (Number.isFinite(loss) ? Math.max(largest, loss) : largest), 0);
  connectPointing(state, strip, (event) => {
    const plot = (event.target as Element).closest('svg');
    return plot === null ? null : { timestep: stepAt(event, plot, places) };
  });
  state.onChange(({ sample, trace }, changed) => {
    if (!changed.has('sample') && !changed.has('layer')) return;
    strip.replaceChildren();
    if (trace.timesteps !== places) return;
    const plot = createPlot(places);
    let bars = '';
    for (let t = 0; t < places; t++) {
      const loss = losses[sample * places + t] as number;
      if (Number.isFinite(loss))
        bars += `M${t},${PLOT_HEIGHT}V${(PLOT_HEIGHT * (1 - loss / (most || 1))).toFixed(1)}h1V${PLOT_HEIGHT}Z`;
    }
    plot.append(createSvg('path', { d: bars, class: 'loss-bars' }));
    const title = create('div', { class: 'row-title' });
    title.append(create('b', {}, 'loss'), create('span', {}, shortNumber(most, 2)), create('span', {}, '0'));
    strip.append(title, plot);
  });
}

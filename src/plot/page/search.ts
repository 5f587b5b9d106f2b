import { isBetweenClosedAndOpen } from '../../inspect/gate-activations.js';
import { findSnippets } from '../../inspect/search/find-snippets.js';
import { findSteps } from '../../inspect/search/find-steps.js';
import { findUnits } from '../../inspect/search/find-units.js';
import type { SearchedSequence, StepSpan } from '../../inspect/search/searched-sequence.js';
import { amount, SATURATED, shortNumber } from '../../inspect/words.js';
import { indicesOf, widthOf } from '../rows/sample.js';
import { visibleLabel } from '../rows/time-labels.js';
import { addressOf } from './address.js';
import { create, element } from './elements.js';
import { type PageState, spanOf, type View } from './state.js';

const MOST_FOUND = 10;
const LENGTH_OF_SNIPPET = 20;
/** What counts as on of a quantity that is not between closed and open. */
const LARGE = 0.3;

/** Which units respond to the selected steps, where else units are on as here, and where a unit's values are largest. */
export function connectSearch(state: PageState): void {
  const threshold = element<HTMLInputElement>('threshold');
  const results = element<HTMLElement>('found');
  const about = element<HTMLElement>('search-about');
  const isOnAt = () => Number(threshold.value);
  const show = (title: string, items: HTMLElement[]) => {
    const list = create('ol');
    list.append(...items);
    results.replaceChildren(create('p', {}, items.length === 0 ? `${title}: nothing` : title), list);
  };
  element('find-units').addEventListener('click', () => {
    const { view } = state;
    const span = selected(view);
    const isSelected = ({ sample, timestep }: { sample: number; timestep: number }) =>
      sample === view.sample && span.from <= timestep && timestep <= span.to;
    const found = findUnits([searched(state)], isSelected, isOnAt()).slice(0, MOST_FOUND);
    show(
      `Units whose ${view.quantity} is on at ${spanText(view, span)}, and nowhere else`,
      found.map(({ unit, overlap, sharedSteps, onSteps, selectedSteps }) => {
        const item = create('li');
        const details = ` ${shortNumber(overlap, 2)}: on at ${sharedSteps} of ${selectedSteps} selected and ${onSteps} of all steps`;
        item.append(linkTo({ layer: view.layer, unit }, `unit ${unit}`), create('span', { class: 'quiet' }, details));
        return item;
      }),
    );
  });
  element('find-steps').addEventListener('click', () => {
    const { view } = state;
    const units = unitsHere(view);
    const found = findSteps([searched(state)], selected(view), units, isOnAt()).slice(0, MOST_FOUND);
    show(
      `Where ${units.length === 1 ? `unit ${units[0]} is` : `units ${units.join(', ')} are`} on as at ${spanText(view, selected(view))}`,
      found.map((match) => spanItem(state, match, shortNumber(match.overlap, 2))),
    );
  });
  element('find-snippets').addEventListener('click', () => {
    const { view } = state;
    const unit = indicesOf(view.trace, view.quantity)[view.unit] as number;
    const found = findSnippets([searched(state)], unit, LENGTH_OF_SNIPPET, MOST_FOUND);
    show(
      `Where ${view.quantity} of ${view.noun} ${unit} is largest`,
      found.map((snippet) => spanItem(state, snippet, shortNumber(snippet.value, 2), snippet.timestep)),
    );
  });
  state.onChange((view, changed) => {
    if (changed.has('quantity') || changed.has('layer')) {
      threshold.value = `${isBetweenClosedAndOpen(view.quantity, view.trace) ? SATURATED.high : LARGE}`;
    }
    const units = unitsHere(view);
    about.textContent = `Selected: ${spanText(view, selected(view))}; ${units.length === 1 ? 'unit' : 'units'} ${units.join(', ')}.`;
  });
}

/** The chosen quantity of the layer, over all samples that the page has. */
function searched(state: PageState): SearchedSequence {
  const { layer, quantity, trace } = state.view;
  const samples = state.data.samples.map((_, sample) => state.traceOf(layer, sample));
  const size = (trace.values[quantity] as ArrayLike<number>).length;
  const values = new Float32Array(size * samples.length);
  for (const [n, sample] of samples.entries()) values.set(sample.values[quantity] as Float32Array, n * size);
  const mask = Uint8Array.from(samples.flatMap(({ valid }) => valid.map(Number)));
  return { values, mask, batch: samples.length, timesteps: trace.timesteps, unitIndices: indicesOf(trace, quantity) };
}

function selected(view: View): StepSpan {
  const { first, last } = spanOf(view);
  return { trace: 0, sample: view.sample, from: first, to: last };
}

/** The pinned units of the layer, or the chosen one, by number. */
function unitsHere(view: View): number[] {
  const { layer, trace, quantity, pins, unit } = view;
  const indices = indicesOf(trace, quantity);
  const pinned = pins.filter((pin) => pin.layer === layer && pin.unit < widthOf(trace, quantity));
  return (pinned.length === 0 ? [unit] : pinned.map((pin) => pin.unit)).map((position) => indices[position] as number);
}

function spanText({ labels }: View, { from, to }: StepSpan): string {
  const steps = from === to ? `step ${from}` : `${amount(to - from + 1, 'step')}, ${from} to ${to}`;
  return labels === null ? steps : `“${textOf(labels, from, to)}” (${steps})`;
}

const LONGEST_TEXT = 40;

function textOf(labels: readonly string[], from: number, to: number): string {
  const text = labels
    .slice(from, to + 1)
    .map(visibleLabel)
    .join('');
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

function spanItem(state: PageState, { sample, from, to }: StepSpan, value: string, timestep = to): HTMLElement {
  const { layer } = state.view;
  const labels = state.data.layers[layer]?.hasLabels ? (state.data.timeLabels[sample] ?? null) : null;
  const steps = `steps ${from} to ${to} of sample ${state.data.samples[sample]}`;
  const text = labels === null ? steps : textOf(labels, from, to);
  const item = create('li');
  const link = linkTo({ layer, sample, timestep }, text, timestep === to && from < to ? from : undefined);
  link.title = steps;
  item.append(link, create('span', { class: 'quiet' }, ` ${value}`));
  return item;
}

function linkTo(place: Parameters<typeof addressOf>[0], text: string, from?: number): HTMLAnchorElement {
  const span = from === undefined ? '' : `&from=${from}`;
  return create('a', { href: `#${addressOf(place)}${span}` }, text) as HTMLAnchorElement;
}

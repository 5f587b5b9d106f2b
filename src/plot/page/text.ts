import { colourAt, inkOn } from '../rows/colours.js';
import { fractionOf, quantityView } from '../rows/quantity-view.js';
import { reachOf, widthOf } from '../rows/sample.js';
import { visibleLabel } from '../rows/time-labels.js';
import { create, element, pageTheme } from './elements.js';
import type { PageState, View } from './state.js';

/** The labels along time as a text that the chosen quantity of the chosen unit colours. */
export function connectText(state: PageState): void {
  const text = element<HTMLElement>('text');
  text.addEventListener('pointerdown', (event) => {
    const token = (event.target as Element).closest('[data-timestep]');
    if (token !== null) state.select({ timestep: Number(token.getAttribute('data-timestep')) });
  });
  text.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    state.select({ timestep: state.view.timestep + step });
  });
  state.onChange((view, changed) => {
    text.hidden = view.labels === null;
    const isSameText = changed.size > 0 && !changed.has('layer') && !changed.has('sample');
    if (!isSameText) text.replaceChildren(...(view.labels ?? []).map(token));
    if (!(changed.size === 1 && changed.has('timestep'))) colour(text, view);
    mark(text, view.timestep);
  });
  pageTheme.onChange(() => colour(text, state.view));
}

function token(label: string, timestep: number): HTMLElement {
  const attributes = { 'data-timestep': `${timestep}`, id: `t${timestep}`, role: 'option', 'aria-selected': 'false' };
  return create('span', attributes, visibleLabel(label));
}

function colour(text: HTMLElement, { trace, quantity, unit }: View): void {
  const scale = quantityView(quantity, trace, reachOf(trace, quantity).shown, pageTheme.current());
  const values = trace.values[quantity] as ArrayLike<number>;
  const width = widthOf(trace, quantity);
  for (const [timestep, child] of [...text.children].entries()) {
    const value = values[timestep * width + unit] as number;
    const { style } = child as HTMLElement;
    const isDrawn = trace.valid[timestep] && !Number.isNaN(value);
    const shade = isDrawn ? colourAt(scale.ramp, fractionOf(value, scale)) : null;
    style.background = shade === null ? '' : `rgb(${shade.join(' ')})`;
    style.color = shade === null ? '' : inkOn(shade);
    child.classList.toggle('masked-token', !trace.valid[timestep]);
  }
}

function mark(text: HTMLElement, timestep: number): void {
  for (const marked of text.querySelectorAll('[aria-selected="true"]')) marked.setAttribute('aria-selected', 'false');
  text.children[timestep]?.setAttribute('aria-selected', 'true');
  if (text.children.length > 0) text.setAttribute('aria-activedescendant', `t${timestep}`);
}

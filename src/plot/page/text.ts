import { colourAt, inkOn } from '../rows/colours.js';
import { fractionOf } from '../rows/quantity-view.js';
import { isVerbatim } from '../rows/time-labels.js';
import { create, element, pageTheme } from './elements.js';
import { connectPointing } from './pointing.js';
import { shownView } from './shown-view.js';
import { type PageState, spanOf, type View } from './state.js';

/** The labels along time set as the text that they are, coloured by the chosen quantity of the chosen unit. */
export function connectText(state: PageState): void {
  const text = element<HTMLElement>('text');
  let tokens: HTMLElement[] = [];
  connectPointing(state, text, (event) => {
    // A pointer that was pressed on one token is told of as on it, wherever it is dragged to.
    const under = document.elementFromPoint(event.clientX, event.clientY) ?? (event.target as Element);
    const token = under.closest('[data-timestep]');
    return token === null ? null : { timestep: Number(token.getAttribute('data-timestep')) };
  });
  state.onChange((view, changed) => {
    text.hidden = view.labels === null;
    if (view.labels === null) return;
    if (changed.has('layer') || changed.has('sample')) {
      tokens = view.labels.map(tokenOf);
      const between = isVerbatim(view.labels) ? '' : ' ';
      text.replaceChildren(...tokens.flatMap((token) => (between === '' ? [token] : [token, between])));
    }
    if ([...changed].some((key) => !['at', 'timestep', 'spanStart', 'pins', 'areAllShown'].includes(key))) {
      colour(tokens, state);
    }
    mark(text, tokens, view);
  });
  pageTheme.onChange(() => colour(tokens, state));
}

/** A line break is seen, and breaks the line. */
function tokenOf(label: string, timestep: number): HTMLElement {
  const attributes = { 'data-timestep': `${timestep}`, id: `t${timestep}`, role: 'option', 'aria-selected': 'false' };
  const written = label.replaceAll('\r', '').replaceAll('\n', '⏎\n');
  if (label.trim() === '') {
    const name = /[\n\u2028\u2029]/.test(label) ? 'line break' : 'space';
    return create('span', { ...attributes, 'aria-label': name }, written);
  }
  return create('span', attributes, written);
}

function colour(tokens: readonly HTMLElement[], state: PageState): void {
  const { view } = state;
  const { trace, quantity } = view;
  const scale = shownView(view, trace);
  const values = state.unitOf(view).values[quantity] as ArrayLike<number>;
  for (const [timestep, token] of tokens.entries()) {
    const value = values[timestep] as number;
    const isDrawn = trace.valid[timestep] && !Number.isNaN(value);
    const shade = isDrawn ? colourAt(scale.ramp, fractionOf(value, scale)) : null;
    token.style.background = shade === null ? '' : `rgb(${shade.join(' ')})`;
    token.style.color = shade === null ? '' : inkOn(shade);
    token.classList.toggle('masked-token', !trace.valid[timestep]);
  }
}

function mark(text: HTMLElement, tokens: readonly HTMLElement[], view: View): void {
  const { first, last } = spanOf(view);
  for (const [t, token] of tokens.entries()) {
    const isSelected = `${t >= first && t <= last}`;
    if (token.getAttribute('aria-selected') !== isSelected) token.setAttribute('aria-selected', isSelected);
    token.classList.toggle('cursor', t === view.timestep);
    token.classList.toggle('hovered', t === view.at.timestep);
  }
  text.setAttribute('aria-activedescendant', `t${view.timestep}`);
}

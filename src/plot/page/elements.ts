import type { Theme } from '../rows/colours.js';

/** Elements that the page has from the beginning. */
export function element<Kind extends Element>(id: string): Kind {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the report has no element #${id}`);
  return found as unknown as Kind;
}

/** A new element. Text is set as text, whatever is in it. */
export function create(name: string, attributes: Record<string, string> = {}, text = ''): HTMLElement {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
  created.textContent = text;
  return created;
}

export function createSvg(name: string, attributes: Record<string, string | number>): SVGElement {
  const created = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, `${value}`);
  return created;
}

/** What is drawn over time is drawn in these units, and stretched. */
export const PLOT_HEIGHT = 100;
/** Room for half of a line. Lines beyond the edge of a picture, where they may be, some browsers draw blurred. */
const ROOM = 3;

/** A picture over time, a unit wide for each step, as wide as all others. */
export function createPlot(timesteps: number): SVGElement {
  return createSvg('svg', {
    viewBox: `0 ${-ROOM} ${timesteps} ${PLOT_HEIGHT + 2 * ROOM}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
}

/** Replaces the options of a selection. */
export function fillSelect(select: HTMLSelectElement, options: { value: string; text: string }[]): void {
  select.replaceChildren(...options.map((option) => create('option', { value: option.value }, option.text)));
}

const darkness = window.matchMedia('(prefers-color-scheme: dark)');

/** Light or dark, as the reader's system is set. */
export const pageTheme = {
  current: (): Theme => (darkness.matches ? 'dark' : 'light'),
  onChange: (listener: () => void): void => darkness.addEventListener('change', listener),
};

import { indicesOf } from '../rows/sample.js';
import { visibleLabel } from '../rows/time-labels.js';
import { create, element } from './elements.js';
import { precisionOf } from './encoding.js';
import { numberText } from './numbers.js';
import type { ReportLayer } from './report-data.js';
import { isSamePin, type PageState, type View } from './state.js';
import { type DrawnUnit, drawnUnits } from './timeline.js';

/** The cursors of time over all pictures, and in words and numbers what stands there. */
export function connectReadout(state: PageState): void {
  const place = element<HTMLElement>('place');
  const numbers = element<HTMLElement>('numbers');
  const pictures = element<HTMLElement>('pictures');
  state.onChange((view) => {
    const { trace, timestep, at } = view;
    pictures.style.setProperty('--cursor', `${(timestep + 0.5) / trace.timesteps}`);
    pictures.style.setProperty('--hover', `${(at.timestep + 0.5) / trace.timesteps}`);
    place.textContent = placeText(view);
    numbers.replaceChildren(...rowsOf(state));
  });
}

function placeText({ labels, at, trace }: View): string {
  const label = labels === null ? '' : ` “${visibleLabel(labels[at.timestep] as string)}”`;
  return `step ${at.timestep} of ${trace.timesteps}${label}`;
}

/** A table: what is over the pointer, the chosen unit, and the pinned ones. */
function rowsOf(state: PageState): HTMLElement[] {
  const { view } = state;
  const units = drawnUnits(state);
  if (!units.some((unit) => isSamePin(unit, view.at))) {
    units.unshift({ ...view.at, trace: state.unitOf(view.at), colour: '', isChosen: false });
  }
  const names = Object.keys(view.trace.values);
  const head = create('tr');
  head.append(create('td'), ...names.map((name) => create('th', { scope: 'col' }, name)));
  return [head, ...units.map((unit) => rowOf(state, unit, names))];
}

function rowOf(state: PageState, { layer, unit, trace, colour }: DrawnUnit, names: readonly string[]): HTMLElement {
  const { view, data } = state;
  const drawn = data.layers[layer] as ReportLayer;
  const row = create('tr');
  const noun = unit < drawn.unitIndices.length ? 'unit' : 'value';
  const heading = create('th', { scope: 'row' }, `${noun} ${trace.unitIndices[0]}`);
  if (layer !== view.layer) heading.append(create('small', { title: drawn.title }, endOf(drawn.title)));
  const swatch = create('i', { class: 'swatch' });
  swatch.style.background = colour;
  heading.prepend(swatch);
  row.append(heading);
  const t = view.at.timestep;
  if (!trace.valid[t]) {
    row.append(create('td', { colspan: `${names.length}` }, 'masked'));
    return row;
  }
  for (const name of names) {
    const value = trace.values[name]?.[t];
    row.append(create('td', {}, value === undefined ? '' : numberText(value, digitsOf(drawn, name))));
  }
  return row;
}

const LONGEST_NAME = 12;

/** The end of a name, by which layers differ. */
function endOf(name: string): string {
  return name.length > LONGEST_NAME ? `…${name.slice(1 - LONGEST_NAME)}` : name;
}

/** As many digits as are known of a value, three at most. */
export function digitsOf({ sequences }: ReportLayer, quantity: string): number {
  const scale = sequences.scales[quantity] ?? sequences.scales.o;
  const precision = scale === undefined ? 0 : precisionOf(scale, sequences.bits);
  if (precision === 0) return 3;
  return Math.min(3, Math.max(0, Math.round(-Math.log10(2 * precision))));
}

/** What a row of the heatmap is called. */
export function unitText({ trace, quantity, noun }: View, unit: number): string {
  return `${noun} ${indicesOf(trace, quantity)[unit]}`;
}

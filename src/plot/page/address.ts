import { indicesOf, type Sample } from '../rows/sample.js';
import { UNIT_SORTINGS, type UnitSorting } from '../rows/unit-order.js';
import type { PageState, Pin, Selection } from './state.js';

/** A place in the explorer as a link of the page names it; what is left out stays as it is. */
export interface Address {
  /** Index among the drawn layers. */
  layer?: number | undefined;
  sample?: number | undefined;
  quantity?: string | undefined;
  /** Number of the unit in its layer. */
  unit?: number | undefined;
  timestep?: number | undefined;
}

/** What stands after the `#` of a link. */
export function addressOf({ layer, sample, quantity, unit, timestep }: Address): string {
  return written([
    ['layer', layer],
    ['sample', sample],
    ['show', quantity],
    ['unit', unit],
    ['step', timestep],
  ]);
}

/** Where the explorer stands, whole. */
export function addressOfView(state: PageState): string {
  const { layer, sample, quantity, unit, timestep, spanStart, sorting, pins, trace, areAllShown, isStretched } =
    state.view;
  return written([
    ['layer', layer],
    ['sample', sample],
    ['show', quantity],
    ['unit', indicesOf(trace, quantity)[unit]],
    ['step', timestep],
    ['from', spanStart ?? undefined],
    ['order', sorting === 'index' ? undefined : sorting],
    ['pins', pins.length === 0 ? undefined : pins.map((pin) => pinText(state, pin)).join('_')],
    ['layers', areAllShown ? 'all' : undefined],
    ['colours', isStretched ? 'usual' : undefined],
  ]);
}

/** What an address selects, of what there is; what it says otherwise is passed over. */
export function selectionOf(state: PageState, address: string): Partial<Selection> {
  const given = new URLSearchParams(address);
  const change: Partial<Selection> = {};
  const layer = numberOf(given, 'layer');
  if (layer !== null && layer < state.data.layers.length) change.layer = layer;
  const sample = numberOf(given, 'sample');
  if (sample !== null && sample < state.data.samples.length) change.sample = sample;
  const timestep = numberOf(given, 'step');
  if (timestep !== null) {
    change.timestep = timestep;
    change.spanStart = numberOf(given, 'from');
  }
  const trace = state.traceOf(change.layer ?? state.view.layer, change.sample);
  const quantity = given.get('show');
  if (quantity !== null && Object.keys(trace.values).includes(quantity)) change.quantity = quantity;
  const unit = numberOf(given, 'unit');
  if (unit !== null) {
    const position = positionOf(trace, change.quantity ?? state.view.quantity, unit);
    if (position >= 0) change.unit = position;
  }
  const sorting = given.get('order');
  if (sorting !== null && (UNIT_SORTINGS as readonly string[]).includes(sorting)) {
    change.sorting = sorting as UnitSorting;
  }
  const pins = given.get('pins');
  if (pins !== null) change.pins = [...new Set(pins.split('_'))].flatMap((text) => pinOf(state, text));
  if (given.has('layers')) change.areAllShown = given.get('layers') === 'all';
  if (given.has('colours')) change.isStretched = given.get('colours') === 'usual';
  return change;
}

/** Keeps the address of the page and the selection together, whichever of the two changes. */
export function connectAddress(state: PageState): void {
  state.select(selectionOf(state, location.hash.slice(1)));
  window.addEventListener('hashchange', ({ newURL }) => {
    // The address may have been written anew before this is told.
    state.select(selectionOf(state, new URL(newURL).hash.slice(1)));
    document.getElementById('explorer')?.scrollIntoView({ block: 'nearest' });
  });
  let isWaiting = false;
  state.onChange((_, changed) => {
    if (isWaiting || [...changed].every((key) => key === 'at')) return;
    isWaiting = true;
    // Browsers allow only so many changes of the address in a while.
    setTimeout(() => {
      isWaiting = false;
      try {
        history.replaceState(null, '', `#${addressOfView(state)}`);
      } catch {
        // A page within another may not be allowed to.
      }
    }, 200);
  });
}

function written(parts: [key: string, value: string | number | undefined][]): string {
  return parts.flatMap(([key, value]) => (value === undefined ? [] : `${key}=${encodeURIComponent(value)}`)).join('&');
}

function numberOf(given: URLSearchParams, key: string): number | null {
  const text = given.get(key);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function positionOf(trace: Sample, quantity: string, unit: number): number {
  return indicesOf(trace, quantity in trace.values ? quantity : 'h').indexOf(unit);
}

function pinText({ data }: PageState, { layer, unit }: Pin): string {
  return `${layer}.${data.layers[layer]?.unitIndices[unit]}`;
}

function pinOf({ data }: PageState, text: string): Pin[] {
  const [, layer, index] = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/.exec(text) ?? [];
  const unit = data.layers[Number(layer)]?.unitIndices.indexOf(Number(index)) ?? -1;
  return unit < 0 ? [] : [{ layer: Number(layer), unit }];
}

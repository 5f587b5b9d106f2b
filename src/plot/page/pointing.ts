import type { PageState, Selection } from './state.js';

/** Where a pointer is: a step, and where the picture tells units apart, one of them. */
export interface Pointed {
  timestep: number;
  unit?: number;
  layer?: number;
}

/**
 * Makes a picture be used as every other: a pointer over it is followed, a click selects, a drag selects a span of steps,
 * and the keys move: arrows by one, Page Up and Page Down by ten, Home and End to the ends, with Shift as a span.
 */
export function connectPointing(
  state: PageState,
  picture: HTMLElement | SVGElement,
  pointedAt: (event: PointerEvent) => Pointed | null,
): void {
  let start: number | null = null;
  picture.addEventListener('pointerdown', ((event: PointerEvent) => {
    const place = event.button === 0 ? pointedAt(event) : null;
    if (place === null) return;
    start = event.shiftKey ? (state.view.spanStart ?? state.view.timestep) : place.timestep;
    state.select({ ...place, spanStart: start });
  }) as EventListener);
  picture.addEventListener('pointermove', ((event: PointerEvent) => {
    const place = pointedAt(event);
    if (place === null) return;
    if (start !== null && event.buttons !== 0) state.select({ timestep: place.timestep, spanStart: start });
    else state.hover(place);
  }) as EventListener);
  const end = () => {
    start = null;
    state.hover(null);
  };
  picture.addEventListener('pointerup', end as EventListener);
  picture.addEventListener('pointercancel', end as EventListener);
  picture.addEventListener('pointerleave', end as EventListener);
  picture.addEventListener('keydown', ((event: KeyboardEvent) => {
    const change = changeOfKey(state, event);
    if (change === null) return;
    event.preventDefault();
    state.select(change);
  }) as EventListener);
}

const BY_PAGE = 10;

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -BY_PAGE,
  PageDown: BY_PAGE,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

const ROWS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };

function changeOfKey({ view }: PageState, event: KeyboardEvent): Partial<Selection> | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const { timestep, order, unit, trace } = view;
  if (event.key === 'Escape' && view.spanStart !== null) return { spanStart: null };
  const steps = STEPS[event.key];
  if (steps !== undefined) {
    const moved = Math.min(Math.max(timestep + steps, 0), trace.timesteps - 1);
    return { timestep: moved, spanStart: event.shiftKey ? (view.spanStart ?? timestep) : null };
  }
  const rows = ROWS[event.key];
  if (rows === undefined) return null;
  const row = Math.min(Math.max(order.indexOf(unit) + rows, 0), order.length - 1);
  return { unit: order[row] as number };
}

/** The step at a horizontal place in a picture of all steps. */
export function stepAt(event: PointerEvent, picture: Element, timesteps: number): number {
  const box = picture.getBoundingClientRect();
  const step = Math.floor(((event.clientX - box.left) / box.width) * timesteps);
  return Math.min(Math.max(step, 0), timesteps - 1);
}

import { type Sample, widthOf } from '../rows/sample.js';
import { type UnitSorting, unitOrder } from '../rows/unit-order.js';
import type { ReportData, ReportLayer } from './report-data.js';
import { SampleReader } from './sample-reader.js';

/** A unit that stays drawn. */
export interface Pin {
  layer: number;
  /** Position in the trace. */
  unit: number;
}

/** What is looked at. */
export interface Selection {
  layer: number;
  sample: number;
  quantity: string;
  sorting: UnitSorting;
  /** Position in the trace. */
  unit: number;
  timestep: number;
  /** The other end of a span of steps that ends at `timestep`; null where there is only the step. */
  spanStart: number | null;
  pins: readonly Pin[];
  /** Whether all layers are drawn, side by side. */
  areAllShown: boolean;
  /** Whether colours span the usual values instead of all that are possible. */
  isStretched: boolean;
}

/** What is looked at, with what there is to see. */
export interface View extends Selection {
  trace: Sample;
  /** Positions of the units, in the order in which they are drawn; of the values of a quantity that is not one a unit. */
  order: number[];
  /** What a row is: 'unit', or 'value' of such a quantity. */
  noun: 'unit' | 'value';
  /** [T], or null. */
  labels: string[] | null;
  /** The layers that are drawn. */
  shown: readonly number[];
  /** What a pointer is over; where it is over nothing, what is selected. */
  at: Pin & { timestep: number };
}

export type Change = keyof Selection | 'at';
type Listener = (view: View, changed: ReadonlySet<Change>) => void;

const KEYS = [
  'layer',
  'sample',
  'quantity',
  'sorting',
  'unit',
  'timestep',
  'spanStart',
  'pins',
  'areAllShown',
  'isStretched',
] as const;

/** Holds the selection, keeps it within range, and notifies all parts of the page of every change. */
export class PageState {
  private readonly listeners: Listener[] = [];
  private readonly reader: SampleReader;
  view: View;

  constructor(readonly data: ReportData) {
    this.reader = new SampleReader(data);
    const selection: Selection = {
      layer: 0,
      sample: 0,
      quantity: 'f',
      sorting: 'index',
      unit: 0,
      timestep: 0,
      spanStart: null,
      pins: [],
      areAllShown: false,
      isStretched: false,
    };
    this.view = this.viewOf(selection, null);
  }

  onChange(listener: Listener): void {
    this.listeners.push(listener);
    listener(this.view, new Set<Change>([...KEYS, 'at']));
  }

  select(change: Partial<Selection>): void {
    const before = this.view;
    const after = this.viewOf({ ...before, ...change }, before);
    const changed = new Set<Change>(KEYS.filter((key) => after[key] !== before[key]));
    if (changed.size === 0 && isSamePlace(after.at, before.at)) return;
    changed.add('at');
    this.tell(after, changed);
  }

  /** What a pointer is over: it is told of, not selected. Null where it is over nothing. */
  hover(place: Partial<Pin & { timestep: number }> | null): void {
    const { layer, unit, timestep } = this.view;
    const at = place === null ? { layer, unit, timestep } : { ...this.view.at, ...place };
    if (!isSamePlace(at, this.view.at)) this.tell({ ...this.view, at }, new Set(['at']));
  }

  /** Keeps a unit drawn, or ends that. */
  togglePin({ layer, unit }: Pin): void {
    const { pins } = this.view;
    const pin = { layer, unit };
    const isPinned = pins.some((other) => isSamePin(other, pin));
    this.select({ pins: isPinned ? pins.filter((other) => !isSamePin(other, pin)) : [...pins, pin] });
  }

  /** A sample of a layer. */
  traceOf(layer: number, sample = this.view.sample): Sample {
    return this.reader.sample(layer, sample);
  }

  /** The same sample, of one unit alone. */
  unitOf({ layer, unit }: Pin): Sample {
    return this.reader.unit(layer, this.view.sample, unit);
  }

  /** The layers whose steps are those of another, so that one cursor moves through all of them. */
  alongside(layer: number): number[] {
    const { layers } = this.data;
    const { timesteps } = layers[layer] as ReportLayer;
    return layers.flatMap((other, n) => (other.timesteps === timesteps ? [n] : []));
  }

  private tell(after: View, changed: ReadonlySet<Change>): void {
    this.view = after;
    for (const listener of this.listeners) listener(after, changed);
  }

  private viewOf(selection: Selection, before: View | null): View {
    const layer = clamp(selection.layer, this.data.layers.length);
    const sample = clamp(selection.sample, this.data.samples.length);
    const { sorting, areAllShown, spanStart } = selection;
    const isSameTrace = before !== null && before.layer === layer && before.sample === sample;
    const trace = isSameTrace ? before.trace : this.reader.sample(layer, sample);
    const names = Object.keys(trace.values);
    const quantity = names.includes(selection.quantity) ? selection.quantity : (names[0] as string);
    const rows = widthOf(trace, quantity);
    const noun = rows === trace.units ? 'unit' : 'value';
    const isSameOrder = isSameTrace && before.sorting === sorting && before.order.length === rows;
    const labels = this.data.layers[layer]?.hasLabels ? (this.data.timeLabels[sample] ?? null) : null;
    const unit = clamp(selection.unit, rows);
    const timestep = clamp(selection.timestep, trace.timesteps);
    return {
      ...selection,
      layer,
      sample,
      quantity,
      trace,
      order: isSameOrder ? before.order : orderOf(trace, quantity, sorting),
      noun,
      unit,
      timestep,
      spanStart: spanStart === null || spanStart === timestep ? null : clamp(spanStart, trace.timesteps),
      labels: labels?.slice(0, trace.timesteps) ?? null,
      shown: areAllShown ? this.alongside(layer) : [layer],
      at: { layer, unit, timestep },
    };
  }
}

/** The rows of a quantity, in the order in which they are drawn. */
export function orderOf(trace: Sample, quantity: string, sorting: UnitSorting): number[] {
  const rows = widthOf(trace, quantity);
  return rows === trace.units ? unitOrder(trace, sorting) : Array.from({ length: rows }, (_, n) => n);
}

/** The steps that are selected, in their order. */
export function spanOf({ timestep, spanStart }: Selection): { first: number; last: number } {
  const start = spanStart ?? timestep;
  return { first: Math.min(start, timestep), last: Math.max(start, timestep) };
}

export function isSamePin(one: Pin, other: Pin): boolean {
  return one.layer === other.layer && one.unit === other.unit;
}

function isSamePlace(one: View['at'], other: View['at']): boolean {
  return isSamePin(one, other) && one.timestep === other.timestep;
}

function clamp(value: number, count: number): number {
  return Math.min(Math.max(Math.round(value), 0), count - 1);
}

import type { Quantity } from '../../../core/quantities.js';
import type { Sample } from '../../data/sample.js';
import { type UnitSorting, unitOrder } from '../../data/unit-order.js';
import type { ReportData } from '../report-data.js';
import { sampleReader } from './samples.js';

/** What is looked at. */
export interface Selection {
  layer: number;
  sample: number;
  quantity: Quantity;
  sorting: UnitSorting;
  /** Position in the trace. */
  unit: number;
  timestep: number;
}

/** What is looked at, with what there is to see. */
export interface View extends Selection {
  trace: Sample;
  /** Positions of the units, in the order in which they are drawn. */
  order: number[];
  /** [T], or null. */
  labels: string[] | null;
}

type Listener = (view: View, changed: ReadonlySet<keyof Selection>) => void;

/** Holds the selection, keeps it within what there is, and tells all parts of the page of every change. */
export class PageState {
  private readonly listeners: Listener[] = [];
  private readonly read: (layer: number, sample: number) => Sample;
  view: View;

  constructor(private readonly data: ReportData) {
    this.read = sampleReader(data);
    const selection: Selection = { layer: 0, sample: 0, quantity: 'f', sorting: 'index', unit: 0, timestep: 0 };
    this.view = this.viewOf(selection, null);
  }

  onChange(listener: Listener): void {
    this.listeners.push(listener);
    listener(this.view, new Set(Object.keys(this.view) as (keyof Selection)[]));
  }

  select(change: Partial<Selection>): void {
    const before = this.view;
    const after = this.viewOf({ ...before, ...change }, before);
    const keys = ['layer', 'sample', 'quantity', 'sorting', 'unit', 'timestep'] as const;
    const changed = new Set(keys.filter((key) => after[key] !== before[key]));
    if (changed.size === 0) return;
    this.view = after;
    for (const listener of this.listeners) listener(after, changed);
  }

  private viewOf(selection: Selection, before: View | null): View {
    const { layer, sample, sorting } = selection;
    const isSameTrace = before !== null && before.layer === layer && before.sample === sample;
    const trace = isSameTrace ? before.trace : this.read(layer, sample);
    const order = isSameTrace && before.sorting === sorting ? before.order : unitOrder(trace, sorting);
    const labels = this.data.layers[layer]?.hasLabels ? (this.data.timeLabels[sample] ?? null) : null;
    return {
      ...selection,
      ...{ trace, order },
      unit: clamp(selection.unit, trace.units),
      timestep: clamp(selection.timestep, trace.timesteps),
      labels: labels?.slice(0, trace.timesteps) ?? null,
    };
  }
}

function clamp(value: number, count: number): number {
  return Math.min(Math.max(Math.round(value), 0), count - 1);
}

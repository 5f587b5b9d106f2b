import { byQuantity, type Quantity } from '../../core/quantities.js';
import { fromBase64 } from '../rows/base64.js';
import type { Sample } from '../rows/sample.js';
import { type UnitSorting, unitOrder } from '../rows/unit-order.js';
import { decodeValues } from './encoding.js';
import type { ReportData, ReportLayer } from './report-data.js';

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

/** Holds the selection, keeps it within range, and notifies all parts of the page of every change. */
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
      trace,
      order,
      unit: clamp(selection.unit, trace.units),
      timestep: clamp(selection.timestep, trace.timesteps),
      labels: labels?.slice(0, trace.timesteps) ?? null,
    };
  }
}

function clamp(value: number, count: number): number {
  return Math.min(Math.max(Math.round(value), 0), count - 1);
}

/** Decodes samples as they are looked at, a layer once. */
function sampleReader({ layers }: ReportData): (layer: number, sample: number) => Sample {
  const decoded = new Map<number, { values: Record<Quantity, Float32Array>; mask: Uint8Array | null }>();
  return (layer, sample) => {
    const { timesteps, unitIndices, activation, recurrentActivation, ...encoded } = layers[layer] as ReportLayer;
    const units = unitIndices.length;
    const whole = decoded.get(layer) ?? {
      values: byQuantity((quantity) => decodeValues(encoded.sequences[quantity])),
      mask: encoded.mask === null ? null : fromBase64(encoded.mask),
    };
    decoded.set(layer, whole);
    const size = timesteps * units;
    return {
      sample,
      timesteps,
      units,
      unitIndices,
      activation,
      recurrentActivation,
      valid: Array.from(
        { length: timesteps },
        (_, t) => whole.mask === null || whole.mask[sample * timesteps + t] !== 0,
      ),
      values: byQuantity((quantity) => whole.values[quantity].subarray(sample * size, (sample + 1) * size)),
    };
  };
}

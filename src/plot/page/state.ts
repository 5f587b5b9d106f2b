import { fromBase64 } from '../rows/base64.js';
import { type Sample, widthOf } from '../rows/sample.js';
import { type UnitSorting, unitOrder } from '../rows/unit-order.js';
import { decodeValues } from './encoding.js';
import type { ReportData, ReportLayer } from './report-data.js';

/** What is looked at. */
export interface Selection {
  layer: number;
  sample: number;
  quantity: string;
  sorting: UnitSorting;
  /** Position in the trace. */
  unit: number;
  timestep: number;
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
    const names = Object.keys(trace.values);
    const quantity = names.includes(selection.quantity) ? selection.quantity : (names[0] as string);
    const rows = widthOf(trace, quantity);
    const noun = rows === trace.units ? 'unit' : 'value';
    const isSameOrder = isSameTrace && before.sorting === sorting && before.order.length === rows;
    const inOrder = () => (noun === 'unit' ? unitOrder(trace, sorting) : Array.from({ length: rows }, (_, n) => n));
    const labels = this.data.layers[layer]?.hasLabels ? (this.data.timeLabels[sample] ?? null) : null;
    return {
      ...selection,
      quantity,
      trace,
      order: isSameOrder ? before.order : inOrder(),
      noun,
      unit: clamp(selection.unit, rows),
      timestep: clamp(selection.timestep, trace.timesteps),
      labels: labels?.slice(0, trace.timesteps) ?? null,
    };
  }
}

function clamp(value: number, count: number): number {
  return Math.min(Math.max(Math.round(value), 0), count - 1);
}

/** Decodes samples as they are looked at, a layer once. */
function sampleReader({ layers, samples }: ReportData): (layer: number, sample: number) => Sample {
  const decoded = new Map<number, { values: Record<string, Float32Array>; mask: Uint8Array | null }>();
  return (layer, sample) => {
    const { timesteps, unitIndices, activation, recurrentActivation, gateActivations, ...encoded } = layers[
      layer
    ] as ReportLayer;
    const units = unitIndices.length;
    const whole = decoded.get(layer) ?? {
      values: mapValues(encoded.sequences, decodeValues),
      mask: encoded.mask === null ? null : fromBase64(encoded.mask),
    };
    decoded.set(layer, whole);
    const sizeOf = (values: Float32Array) => values.length / samples.length;
    return {
      sample,
      timesteps,
      units,
      unitIndices,
      activation,
      recurrentActivation,
      gateActivations,
      valid: Array.from(
        { length: timesteps },
        (_, t) => whole.mask === null || whole.mask[sample * timesteps + t] !== 0,
      ),
      values: mapValues(whole.values, (values) =>
        values.subarray(sample * sizeOf(values), (sample + 1) * sizeOf(values)),
      ),
    };
  };
}

function mapValues<From, To>(values: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  const mapped: Record<string, To> = {};
  for (const [name, value] of Object.entries(values)) mapped[name] = map(value);
  return mapped;
}

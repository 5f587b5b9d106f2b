import type { TraceValues } from '../statistics/read-trace.js';

/** What each unit does over all valid steps whose values are finite; null for a unit that has none. */
export interface UnitActivity {
  /** [U], largest minus smallest h. */
  range: (number | null)[];
  /** [U], mean of |f|. */
  forgetGate: (number | null)[];
  /** [U], mean of |g|. */
  candidateSize: (number | null)[];
  /** [U], mean of |c|. */
  cellStateSize: (number | null)[];
}

/** Measures the units of one LSTM over all its traces. */
export function unitActivity(traces: TraceValues[], units: number): UnitActivity {
  const byUnit = (measure: (unit: number) => number | null) =>
    Array.from({ length: units }, (_, unit) => measure(unit));
  return {
    range: byUnit((unit) => {
      const values = [...finiteValues(traces, 'h', units, unit)];
      const largest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const smallest = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
      return values.length === 0 ? null : largest - smallest;
    }),
    forgetGate: byUnit((unit) => meanSize(finiteValues(traces, 'f', units, unit))),
    candidateSize: byUnit((unit) => meanSize(finiteValues(traces, 'g', units, unit))),
    cellStateSize: byUnit((unit) => meanSize(finiteValues(traces, 'c', units, unit))),
  };
}

function* finiteValues(traces: TraceValues[], quantity: 'f' | 'g' | 'c' | 'h', units: number, unit: number) {
  for (const { sequences, mask, batch, timesteps } of traces) {
    for (let step = 0; step < batch * timesteps; step++) {
      const value = sequences[quantity][step * units + unit] as number;
      if (Number.isFinite(value) && (mask === null || mask[step] !== 0)) yield value;
    }
  }
}

function meanSize(values: Iterable<number>): number | null {
  let [sum, count] = [0, 0];
  for (const value of values) {
    sum += Math.abs(value);
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

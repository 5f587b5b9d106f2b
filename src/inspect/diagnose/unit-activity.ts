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
  return {
    range: ranges(traces, units),
    forgetGate: meanSizes(traces, 'f', units),
    candidateSize: meanSizes(traces, 'g', units),
    cellStateSize: meanSizes(traces, 'c', units),
  };
}

function ranges(traces: TraceValues[], units: number): (number | null)[] {
  const largest = new Float64Array(units).fill(Number.NEGATIVE_INFINITY);
  const smallest = new Float64Array(units).fill(Number.POSITIVE_INFINITY);
  forEachFinite(traces, 'h', units, (value, unit) => {
    largest[unit] = Math.max(largest[unit] as number, value);
    smallest[unit] = Math.min(smallest[unit] as number, value);
  });
  return Array.from(largest, (value, unit) => (Number.isFinite(value) ? value - (smallest[unit] as number) : null));
}

function meanSizes(traces: TraceValues[], quantity: 'f' | 'g' | 'c', units: number): (number | null)[] {
  const [sums, counts] = [new Float64Array(units), new Float64Array(units)];
  forEachFinite(traces, quantity, units, (value, unit) => {
    sums[unit] = (sums[unit] as number) + Math.abs(value);
    counts[unit] = (counts[unit] as number) + 1;
  });
  return Array.from(sums, (sum, unit) => (counts[unit] === 0 ? null : sum / (counts[unit] as number)));
}

/** Visits values in the order in which they lie in memory, step by step: while a model trains, this must be quick. */
function forEachFinite(
  traces: TraceValues[],
  quantity: 'f' | 'g' | 'c' | 'h',
  units: number,
  visit: (value: number, unit: number) => void,
): void {
  for (const { sequences, mask, batch, timesteps } of traces) {
    const values = sequences[quantity];
    for (let step = 0; step < batch * timesteps; step++) {
      if (mask !== null && mask[step] === 0) continue;
      for (let unit = 0; unit < units; unit++) {
        const value = values[step * units + unit] as number;
        if (Number.isFinite(value)) visit(value, unit);
      }
    }
  }
}

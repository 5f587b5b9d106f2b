import type { Block } from '../../core/weights.js';
import { cellToRun, type LSTMLike } from '../../layers/foreign-lstm.js';
import type { FlowStatistics } from '../gradient/flow-types.js';
import type { LSTMPlace } from '../model/find-lstms.js';
import type { GateStatistics } from '../statistics/layer-statistics.js';
import { LayerStatistics } from '../statistics/layer-statistics.js';
import { kindOfTrace, readTrace, type TraceValues } from '../statistics/read-trace.js';
import type { LayerTrace } from '../trace/trace-model.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import type { DiagnosisThresholds } from './thresholds.js';

/** All that is known about one LSTM when its findings are made. */
export interface Evidence {
  place: LSTMPlace;
  statistics: GateStatistics;
  activity: UnitActivity;
  /** Of each quantity that is NaN or infinite somewhere, the first timestep processed at which it is: of a layer that reads backwards, the last. */
  nonFiniteFrom: Readonly<Record<string, number>>;
  weightNorms: WeightNormsByGate;
  /** The mean of the forget gates' bias; null without bias. */
  forgetBias: number | null;
  /** The root mean square of what the layer reads, at valid steps; null where it is not known. */
  inputSize: number | null;
  /** Of the longest trace. */
  timesteps: number;
  /** How the gradient flows back through the call in which it changes most; null without labels. */
  flow: FlowStatistics | null;
  /** Whether the model has learnt, as `hasLearnt` says; null if that is not known. */
  learnt: boolean | null;
}

/**
 * What each unit does over all valid steps whose values are finite; null for a unit that has none. Empty for what a
 * variant's cell does not have; as wide as its cell has it.
 */
export interface UnitActivity {
  /** [U], largest minus smallest h. */
  rangeOfH: (number | null)[];
  /** [U], largest minus smallest c. */
  rangeOfC: (number | null)[];
  /** [U], mean of |f|. */
  forgetGate: (number | null)[];
  /** [U], mean of |g|. */
  candidateSize: (number | null)[];
  /** [U], mean of |c|. */
  cellStateSize: (number | null)[];
}

/** Reads what one LSTM did in one or several calls. */
export async function readCalls(
  traces: LayerTrace[],
  { low, high }: DiagnosisThresholds,
): Promise<Pick<Evidence, 'place' | 'statistics' | 'activity' | 'nonFiniteFrom' | 'timesteps'>> {
  const [{ layerName, direction, cell, trace: first }] = traces as [LayerTrace];
  const kind = kindOfTrace(first);
  const statistics = new LayerStatistics(kind, { low, high });
  const values = await Promise.all(traces.map(({ trace }) => readTrace(trace)));
  for (const ofTrace of values) statistics.add(ofTrace);
  const result = statistics.result();
  return {
    place: { layerName, direction, cell },
    statistics: result,
    activity: unitActivity(values, first.units),
    nonFiniteFrom: nonFiniteFrom(values, result, direction),
    timesteps: Math.max(...values.map(({ timesteps }) => timesteps)),
  };
}

function nonFiniteFrom(
  traces: TraceValues[],
  { nonFinite }: GateStatistics,
  direction: LSTMPlace['direction'],
): Record<string, number> {
  const isEarlier = (t: number, other: number) => (direction === 'backward' ? t > other : t < other);
  const from: Record<string, number> = {};
  for (const [quantity, { count }] of Object.entries(nonFinite)) {
    if (count === 0) continue;
    for (const { sequences, mask, batch, timesteps } of traces) {
      const values = sequences[quantity] ?? [];
      const width = values.length / (batch * timesteps);
      for (let n = 0; n < values.length; n++) {
        const step = Math.floor(n / width);
        if (Number.isFinite(values[n]) || mask?.[step] === 0) continue;
        const t = step % timesteps;
        const known = from[quantity];
        if (known === undefined || isEarlier(t, known)) from[quantity] = t;
      }
    }
  }
  return from;
}

/** Measures the units of one LSTM over all its traces. */
export function unitActivity(traces: TraceValues[], units: number): UnitActivity {
  const widthOf = (quantity: string) => {
    const { sequences, batch, timesteps } = traces.find(isNotEmpty) ?? (traces[0] as TraceValues);
    if (sequences[quantity] === undefined) return 0;
    return batch * timesteps === 0 ? units : sequences[quantity].length / (batch * timesteps);
  };
  return {
    rangeOfH: ranges(traces, 'h', widthOf('h')),
    rangeOfC: ranges(traces, 'c', widthOf('c')),
    forgetGate: meanSizes(traces, 'f', widthOf('f')),
    candidateSize: meanSizes(traces, 'g', widthOf('g')),
    cellStateSize: meanSizes(traces, 'c', widthOf('c')),
  };
}

function isNotEmpty({ batch, timesteps }: TraceValues): boolean {
  return batch * timesteps > 0;
}

function ranges(traces: TraceValues[], quantity: 'h' | 'c', units: number): (number | null)[] {
  const largest = new Float64Array(units).fill(Number.NEGATIVE_INFINITY);
  const smallest = new Float64Array(units).fill(Number.POSITIVE_INFINITY);
  forEachFinite(traces, quantity, units, (value, unit) => {
    largest[unit] = Math.max(largest[unit] as number, value);
    smallest[unit] = Math.min(smallest[unit] as number, value);
  });
  return Array.from(largest, (value, unit) => (Number.isFinite(value) ? value - (smallest[unit] as number) : null));
}

function meanSizes(traces: TraceValues[], quantity: 'f' | 'g' | 'c', units: number): (number | null)[] {
  const sums = new Float64Array(units);
  const counts = new Float64Array(units);
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
    const values = sequences[quantity] ?? [];
    for (let step = 0; step < batch * timesteps; step++) {
      if (mask !== null && mask[step] === 0) continue;
      for (let unit = 0; unit < units; unit++) {
        const value = values[step * units + unit] as number;
        if (Number.isFinite(value)) visit(value, unit);
      }
    }
  }
}

/** The mean of the forget gates' bias; null without bias, and without a block of it for a forget gate. */
export async function meanForgetBias(cell: LSTMLike['cell']): Promise<number | null> {
  const { bias, units, weightFacts } = cellToRun(cell);
  const blocks = weightFacts.find(({ property }) => property === 'bias')?.blocks(units) ?? [];
  const at = blocks.findIndex(({ name }) => name === 'f');
  if (!bias || at < 0) return null;
  const start = blocks.slice(0, at).reduce((sum, { width }) => sum + width, 0);
  const { width } = blocks[at] as Block;
  const values = [...(await bias.read().data())].slice(start, start + width);
  return values.reduce((sum, value) => sum + value, 0) / width;
}

/** Indices of the values that satisfy a condition; a null never does. */
export function unitsWhere(values: readonly (number | null)[], holds: (value: number) => boolean): number[] {
  return values.flatMap((value, unit) => (value !== null && holds(value) ? [unit] : []));
}

/** Mean of the values of some units, for evidence; rounded to four digits, as nobody reads more. */
export function meanOver(values: readonly (number | null)[], units: readonly number[]): number {
  const sum = units.reduce((total, unit) => total + (values[unit] ?? 0), 0);
  return rounded(sum / units.length);
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

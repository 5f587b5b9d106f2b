import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { A_FINITE_NUMBER, A_STRING, oneOf } from '../../core/options.js';
import type { GateTrace } from '../../layers/trace.js';
import { isBetweenClosedAndOpen } from '../gate-activations.js';
import { quantitiesOfTrace, sequenceOf } from '../statistics/read-trace.js';
import { requireTrace } from '../statistics/require-trace.js';
import type { LayerTrace } from '../trace/trace-model.js';
import { lstmName } from '../words.js';
import type { SearchedSequence, StepSpan } from './searched-sequence.js';
import type { TraceValues } from './trace-values.js';

/** A trace, an entry of `traceModel`, or what `traceValues` read of a trace. */
export type TraceToSearch = GateTrace | LayerTrace | TraceValues;

/** One trace, or several of the same LSTM: of the batches of a data set, say. */
export type TracesToSearch = TraceToSearch | readonly TraceToSearch[];

/** What is on. */
export interface OnOptions {
  /** A gate or a state, by its name in the trace. Default: 'h'. */
  quantity?: string | undefined;
  /**
   * A unit is on at a step where the quantity is above this, or below it if it is negative. Default: 0.9 for gates between
   * closed and open, as `gateStatistics` counts open ones; 0.3 for anything else.
   */
  threshold?: number | undefined;
}

export const QUANTITY_RULES = { quantity: A_STRING };
export const ON_RULES = { ...QUANTITY_RULES, threshold: A_FINITE_NUMBER };

const OPEN = 0.9;
const LARGE = 0.3;

/** One quantity of all traces, off the device, and what counts as on. */
export interface Searched {
  sequences: SearchedSequence[];
  threshold: number;
}

/**
 * Checks traces and reads one quantity of each.
 *
 * @throws RangeError for what is not a trace or disposed, for traces of several LSTMs, and for a quantity that there is not;
 *   Error on a backend whose tensors can only be waited for.
 */
export function readSearched(where: string, traces: TracesToSearch, options: OnOptions): Searched {
  const given: readonly unknown[] = Array.isArray(traces) ? traces : [traces];
  if (given.length === 0) throw invalidArgument(where, 'traces must not be empty', traces);
  requireOneLSTM(where, given);
  const parts = given.map((trace) => partOf(where, trace, options.quantity ?? 'h'));
  const { sequence: first, isGate } = parts[0] as Part;
  for (const { sequence } of parts) {
    if (tf.util.arraysEqual([...sequence.unitIndices], [...first.unitIndices])) continue;
    throw invalidArgument(where, `traces must have the same units, ${first.unitIndices}`, sequence.unitIndices);
  }
  return {
    sequences: parts.map(({ sequence }) => sequence),
    threshold: options.threshold ?? (isGate ? OPEN : LARGE),
  };
}

function requireOneLSTM(where: string, traces: readonly unknown[]): void {
  const names = new Set(traces.filter(isEntry).map((entry) => lstmName({ ...entry, call: 0 })));
  if (names.size > 1)
    throw invalidArgument(where, 'traces must be of one LSTM, with each direction and cell its own', [...names]);
}

interface Part {
  sequence: SearchedSequence;
  isGate: boolean;
}

function partOf(where: string, given: unknown, quantity: string): Part {
  const trace = isEntry(given) ? given.trace : given;
  if (isValues(trace)) {
    requireQuantity(where, quantity, Object.keys(trace.sequences));
    const { mask, batch, timesteps } = trace;
    const values = trace.sequences[quantity] as ArrayLike<number>;
    // Without a step there is no telling how wide a quantity is.
    const width = batch * timesteps === 0 ? trace.units : values.length / (batch * timesteps);
    return {
      sequence: { values, mask, batch, timesteps, unitIndices: indices(trace, width) },
      isGate: isGate(quantity, trace),
    };
  }
  requireTrace(where, trace);
  requireQuantity(where, quantity, quantitiesOfTrace(trace));
  if (tf.getBackend() === 'webgpu') {
    throw new Error(`${where}: on webgpu numbers can only be waited for; search \`await traceValues(trace)\` instead`);
  }
  const tensor = sequenceOf(trace, quantity);
  const [batch, timesteps, width] = tensor.shape;
  const mask = trace.mask?.dataSync() ?? null;
  const sequence = { values: tensor.dataSync(), mask, batch, timesteps, unitIndices: indices(trace, width) };
  return { sequence, isGate: isGate(quantity, trace) };
}

function isEntry(value: unknown): value is LayerTrace {
  return typeof value === 'object' && value !== null && 'trace' in value && 'layerName' in value;
}

function isValues(value: unknown): value is TraceValues {
  return typeof value === 'object' && value !== null && 'sequences' in value && 'timesteps' in value;
}

function requireQuantity(where: string, quantity: string, there: readonly string[]): void {
  const rule = oneOf(...there);
  if (!rule.holds(quantity)) throw invalidArgument(where, `quantity must be ${rule.must}`, quantity);
}

/** Which units the values are of; of a quantity of another width than U, the values are just counted. */
function indices({ units, unitIndices }: Pick<TraceValues, 'units' | 'unitIndices'>, width: number): readonly number[] {
  return width === units && unitIndices !== undefined ? unitIndices : Array.from({ length: width }, (_, n) => n);
}

function isGate(quantity: string, trace: GateTrace | TraceValues): boolean {
  return isBetweenClosedAndOpen(quantity, trace);
}

/** @throws RangeError for a unit that the traces do not have. */
export function requireUnit(where: string, { sequences }: Searched, name: string, unit: unknown): void {
  const { unitIndices } = sequences[0] as SearchedSequence;
  if (unitIndices.includes(unit as number)) return;
  throw invalidArgument(where, `${name} must be of the traces, which have ${unitIndices.length} units`, unit);
}

/** Some steps of a sample, as they are given: of the first trace and the first sample, if nothing else is said. */
export interface SpanToSelect {
  /** The index of the trace among those given. Default: 0. */
  trace?: number | undefined;
  /** The index of the sample in the trace's batch. Default: 0. */
  sample?: number | undefined;
  /** The first step. */
  from: number;
  /** The last step, included. */
  to: number;
}

/** @throws RangeError for steps that the traces do not have. */
export function requireSpan(where: string, { sequences }: Searched, span: SpanToSelect): StepSpan {
  const { trace = 0, sample = 0, from, to } = span;
  requireIndex(where, 'trace', trace, sequences.length);
  const { batch, timesteps } = sequences[trace] as SearchedSequence;
  requireIndex(where, 'sample', sample, batch);
  requireIndex(where, 'from', from, timesteps);
  requireIndex(where, 'to', to, timesteps);
  if (to < from) throw invalidArgument(where, `to must not be before from = ${from}`, to);
  return { trace, sample, from, to };
}

function requireIndex(where: string, name: string, value: unknown, count: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < count) return;
  throw invalidArgument(where, `${name} must be an integer within [0, ${count})`, value);
}

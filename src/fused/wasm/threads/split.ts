import { FIELD, FIELD_COUNT } from '../binaries.js';
import type { Size } from '../heap.js';
import type { FUNCTIONS } from './control.js';

/** How a call is divided among threads. */
export interface Split {
  /** The fields of each thread's sequence, but for its scratch memory. */
  sequences: Uint32Array[];
  /** How often they meet: at each timestep, or never. */
  meetings: number;
}

type Field = keyof typeof FIELD;

/** Fields that are arrays with a row for each sample, by what a row has, in floats. */
const ROWS: Record<'x' | 'mask' | 'd' | 'h' | 'u' | 'th' | 'tu' | 't4u' | 'tp', Field[]> = {
  x: ['x', 'dX'],
  mask: ['mask'],
  d: ['inputDropoutMaskI', 'inputDropoutMaskF', 'inputDropoutMaskG', 'inputDropoutMaskO'],
  h: [
    ...(['h0', 'lastOutput', 'h', 'dLastOutput', 'dH', 'dH0'] as const),
    ...(['recurrentDropoutMaskI', 'recurrentDropoutMaskF', 'recurrentDropoutMaskG', 'recurrentDropoutMaskO'] as const),
  ],
  u: ['c0', 'c', 'dC', 'dC0'],
  th: ['outputs', 'hiddens', 'dOutputs'],
  tu: [
    'i',
    'f',
    'g',
    'o',
    'cells',
    'dI',
    'dF',
    'dG',
    'dO',
    'dCells',
    'laterDH',
    'laterDC',
    'totalDH',
    'totalDC',
    'outputSlope',
  ],
  t4u: ['savedGates', 'dZ'],
  tp: ['dProjected'],
};

/**
 * Multiply-adds of a pass forward below which the other threads are not worth waking.
 *
 * Milliseconds on an AMD EPYC with Node 20, on one thread, on two of which the worker was awake, and on two after 10 ms of other
 * work, in which the worker fell asleep:
 *
 *     B x T x D x U      multiply-adds   inference            training
 *     4x30x32x64         2.9e6           0.43  0.34  0.58     1.6  1.2  1.7
 *     8x20x32x64         3.9e6           0.53  0.35  0.57     1.7  1.3  1.7
 *     1x100x100x100      8.0e6           0.99  0.83  0.95     3.2  2.4  2.7
 *     32x50x64x128       157e6           16    8.5   8.7      46   27   27
 */
const LEAST_WORK = 4e6;
/** The same of each thread's share of a timestep, where they meet after each. */
const LEAST_WORK_BETWEEN_MEETINGS = 10_000;
/** Weights that stay in a core's cache while it works through its samples. */
const BYTES_OF_CACHE = 2 ** 20;
/** Samples with which it matters little from where the weights come. */
const SAMPLES_OF_LARGE_BATCH = 16;
/** A product takes the columns of its right factor in panels of so many: no thread gets fewer. */
export const PANEL_COLUMNS = 16;

/** Fewer rows meet weights that are not packed, whose products are added up in another order. */
const LEAST_ROWS = 4;

/**
 * Whether calls of this size are divided at all.
 *
 * @param mayMeet Whether threads may meet on the way, as they must where there are too few samples to be divided.
 */
export function isWorthSplitting({ batch, timesteps, features, units }: Size, mayMeet: boolean): boolean {
  const work = batch * timesteps * (features + units) * 4 * units;
  return work >= LEAST_WORK && (mayMeet || sharesOfSamples(batch, timesteps) > 1);
}

/** How many threads may divide the samples. */
function sharesOfSamples(batch: number, timesteps: number): number {
  return Math.floor(batch / (timesteps === 1 ? LEAST_ROWS : 2));
}

/** Divides a call among as many threads as it is worth; null where that is this one alone. */
export function split(
  name: (typeof FUNCTIONS)[number],
  fields: Uint32Array,
  threads: number,
  mayMeet = true,
): Split | null {
  if (name === 'inputGradient') return splitRows(fields, threads);
  if (name !== 'forward' && name !== 'backward') return splitColumns(fields, threads, 0);
  const batch = fields[FIELD.batch] as number;
  const timesteps = fields[FIELD.timesteps] as number;
  if (batch * timesteps < LEAST_ROWS) return null;
  const bySamples = Math.min(threads, sharesOfSamples(batch, timesteps));
  const byUnits = mayMeet ? sharesOfUnits(fields, threads) : 1;
  if (bySamples < 2 && byUnits < 2) return null;
  const isLarge = weightBytes(fields) > BYTES_OF_CACHE && batch / threads < SAMPLES_OF_LARGE_BATCH;
  return bySamples < 2 || byUnits > bySamples || (byUnits > 1 && isLarge)
    ? splitColumns(fields, byUnits, timesteps)
    : splitSamples(fields, bySamples);
}

function weightBytes(fields: Uint32Array): number {
  const units = fields[FIELD.units] as number;
  return 4 * ((fields[FIELD.features] as number) + units) * 4 * units;
}

/** How many threads may divide the units. */
function sharesOfUnits(fields: Uint32Array, threads: number): number {
  if (fields[FIELD.projectionUnits] !== 0) return 1;
  const units = fields[FIELD.units] as number;
  const work = (fields[FIELD.batch] as number) * units * 4 * units;
  return Math.min(threads, Math.floor(units / PANEL_COLUMNS), Math.floor(work / LEAST_WORK_BETWEEN_MEETINGS));
}

/** Each thread computes some units, or columns, of all samples. */
export function splitColumns(fields: Uint32Array, shares: number, meetings: number): Split {
  const sequences = Array.from({ length: shares }, (_, share) => {
    const sequence = fields.slice();
    sequence[FIELD.share] = share;
    sequence[FIELD.shares] = shares;
    return sequence;
  });
  return { sequences, meetings };
}

/** Between whole pairs of rows, which products take at once. */
function boundaries(count: number, parts: number): number[] {
  const pairs = Math.floor(count / 2);
  return Array.from({ length: parts + 1 }, (_, n) => (n === parts ? count : 2 * Math.floor((pairs * n) / parts)));
}

/** Each thread computes all of some samples. */
export function splitSamples(fields: Uint32Array, parts: number): Split {
  const ends = boundaries(fields[FIELD.batch] as number, parts);
  const bytes = rowBytes(fields);
  const sequences = Array.from({ length: parts }, (_, part) => {
    const sequence = fields.slice();
    const first = ends[part] as number;
    sequence[FIELD.batch] = (ends[part + 1] as number) - first;
    for (let field = 0; field < FIELD_COUNT; field++) {
      if (fields[field] !== 0) sequence[field] = (sequence[field] as number) + first * (bytes[field] as number);
    }
    if (part > 0) leavePanels(sequence);
    return sequence;
  });
  return { sequences, meetings: 0 };
}

/** Panels that are not there yet are packed by the first thread; the others have their own. */
function leavePanels(sequence: Uint32Array): void {
  if (sequence[FIELD.isKernelPacked] === 0) sequence[FIELD.kernelPanels] = 0;
  if (sequence[FIELD.isRecurrentKernelPacked] === 0) sequence[FIELD.recurrentPanels] = 0;
}

/** By field, how far apart the rows of two samples are; 0 for what is not an array of samples. */
function rowBytes(fields: Uint32Array): Float64Array {
  const units = fields[FIELD.units] as number;
  const timesteps = fields[FIELD.timesteps] as number;
  const features = fields[FIELD.features] as number;
  const projectionUnits = fields[FIELD.projectionUnits] as number;
  const hiddenUnits = projectionUnits || units;
  const bytes: Record<keyof typeof ROWS, number> = {
    x: 4 * timesteps * features,
    mask: timesteps,
    d: 4 * features,
    h: 4 * hiddenUnits,
    u: 4 * units,
    th: 4 * timesteps * hiddenUnits,
    tu: 4 * timesteps * units,
    t4u: 16 * timesteps * units,
    tp: 4 * timesteps * projectionUnits,
  };
  const byField = new Float64Array(FIELD_COUNT);
  for (const [kind, names] of Object.entries(ROWS) as [keyof typeof ROWS, Field[]][]) {
    for (const name of names) byField[FIELD[name]] = bytes[kind];
  }
  return byField;
}

/** The gradient of x: by samples or, without dropout masks, by rows, as though each timestep were a sample. */
function splitRows(fields: Uint32Array, threads: number): Split | null {
  const rows = fields.slice();
  if (fields[FIELD.inputDropoutMaskCount] === 0) {
    rows[FIELD.batch] = (fields[FIELD.batch] as number) * (fields[FIELD.timesteps] as number);
    rows[FIELD.timesteps] = 1;
    rows[FIELD.mask] = 0;
  }
  const parts = Math.min(threads, Math.floor((rows[FIELD.batch] as number) / LEAST_ROWS));
  return parts < 2 ? null : splitSamples(rows, parts);
}

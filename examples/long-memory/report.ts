import Table from 'cli-table3';
import type { MonitorRecord } from '../../src/inspect/index.js';
import { FORGETFUL_ERROR } from './adding-problem.js';
import type { Outcome } from './experiment.js';

/** An LSTM has learned if its error is below this fraction of the error without any memory. */
const LEARNED = 0.25;
const BLOCKS = '▁▂▃▄▅▆▇█';
/** Powers of ten that the height of a gradient's sparkline spans. */
const DECADES = 8;

/** Norm of dL/dc at the first timestep, as a fraction of that at the last; null if it is unknown or 0. */
export function reachOf({ layers }: MonitorRecord): number | null {
  const dc = layers[0]?.flow?.dc ?? [];
  const [first = null, last = null] = [dc[0], dc.at(-1)];
  return first === null || !last ? null : first / last;
}

export function hasLearned(error: number): boolean {
  return error < LEARNED * FORGETFUL_ERROR;
}

/** The first examined step after which the gradient never vanished again; null if it did at the last. */
export function arrivalOf(records: MonitorRecord[]): number | null {
  return stepFromWhich(records, ({ layers }) => layers[0]?.flow?.verdict !== 'vanishing');
}

/** The first examined step after which the loss stayed that of an LSTM that has learned; null if it is not. */
export function learningOf(records: MonitorRecord[]): number | null {
  return stepFromWhich(records, ({ loss }) => loss !== null && hasLearned(loss));
}

function stepFromWhich(records: MonitorRecord[], holds: (record: MonitorRecord) => boolean): number | null {
  const last = records.map(holds).lastIndexOf(false);
  return records[last + 1]?.step ?? null;
}

/** Norms of dL/dc over time, as a fraction of the last one: a full bar is 1, an empty one 10^-8 or less. */
export function drawFlow({ layers }: MonitorRecord): string {
  const dc = layers[0]?.flow?.dc ?? [];
  const last = dc.at(-1) ?? 0;
  return dc.map((norm) => block(norm === null || !last ? 0 : 1 + Math.log10(norm / last) / DECADES)).join('');
}

/** Losses during training; a full bar is the error without any memory, or more. */
export function drawLosses(records: MonitorRecord[]): string {
  return records.map(({ loss }) => block((loss ?? FORGETFUL_ERROR) / FORGETFUL_ERROR)).join('');
}

function block(height: number): string {
  const level = Math.floor(Math.max(0, height) * BLOCKS.length);
  return BLOCKS[Math.min(level, BLOCKS.length - 1)] as string;
}

/** The results, one row per variant. */
export function drawOutcomes(outcomes: Outcome[]): string {
  const table = new Table({
    head: ['starts with', 'reach before', 'reach after', 'arrives at step', 'learned at step', 'error', 'of 1/6'],
    style: { head: [], border: [] },
  });
  for (const { variant, history, error } of outcomes) {
    const [before, after] = [history.records[0], history.records.at(-1)] as [MonitorRecord, MonitorRecord];
    const reach = [before, after].map((record) => reachOf(record)?.toExponential(1) ?? '-');
    const steps = [arrivalOf(history.records), learningOf(history.records)].map((step) => step ?? 'never');
    const share = `${((100 * error) / FORGETFUL_ERROR).toFixed(0)} %`;
    table.push([variant, ...reach, ...steps, error.toFixed(4), share]);
  }
  return table.toString();
}

/** Whether those that learned are those whose gradient reached furthest. Differences between the others are noise. */
export function conclusion(outcomes: Outcome[]): string {
  const reach = ({ history }: Outcome) => reachOf(history.records[0] as MonitorRecord) ?? 0;
  const names = (list: Outcome[]) => list.map(({ variant }) => variant).join(', ');
  const byReach = [...outcomes].sort((a, b) => reach(b) - reach(a));
  const learned = outcomes.filter(({ error }) => hasLearned(error)).sort((a, b) => a.error - b.error);
  const furthest = byReach.slice(0, learned.length);
  const agrees = learned.every((outcome) => furthest.includes(outcome));
  return [
    `Ranked by the reach of the gradient before training: ${names(byReach)}.`,
    `Learned, smallest error first: ${names(learned) || 'none, in so few steps'}.`,
    ...(learned.length === 0
      ? []
      : [`They are ${agrees ? '' : 'not '}those whose gradient reached furthest, in this run, with this seed.`]),
  ].join('\n');
}

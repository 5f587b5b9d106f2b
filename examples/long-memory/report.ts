import Table from 'cli-table3';
import type { MonitorRecord } from '../../src/inspect/index.js';
import { FORGETFUL_ERROR } from './adding-problem.js';
import type { Outcome } from './experiment.js';

/** It has learned where its error is below this share of that of one who remembers nothing. */
const LEARNED = 0.25;
const BLOCKS = '▁▂▃▄▅▆▇█';
/** Powers of ten that the height of a sparkline spans. */
const DECADES = 8;

/** The gradient's way from the last timestep back to the first. */
export interface Reach {
  /** Norm of dL/dc at the first timestep, as a fraction of that at the last; null where either is unknown or 0. */
  fraction: number | null;
  /** In words, from `flowStatistics`. */
  sentence: string;
}

export function reachOf({ layers }: MonitorRecord): Reach {
  const flow = layers[0]?.flow;
  const [first, last] = [flow?.dc[0] ?? null, flow?.dc.at(-1) ?? null];
  const fraction = first === null || !last ? null : first / last;
  return { fraction, sentence: flow?.sentence ?? 'not measured' };
}

export function hasLearned({ error }: Pick<Outcome, 'error'>): boolean {
  return error < LEARNED * FORGETFUL_ERROR;
}

/** Norms of dL/dc over time, as a fraction of the last one: a full bar is 1, an empty one 10^-8 or less. */
export function drawFlow({ layers }: MonitorRecord): string {
  const dc = layers[0]?.flow?.dc ?? [];
  const last = dc.at(-1) ?? 0;
  return dc.map((norm) => block(norm === null || !last ? 0 : 1 + Math.log10(norm / last) / DECADES)).join('');
}

/** Losses in the course of the training, a full bar being the largest. */
export function drawLosses(records: MonitorRecord[]): string {
  const losses = records.map(({ loss }) => loss ?? Number.POSITIVE_INFINITY);
  const largest = Math.max(...losses.filter(Number.isFinite));
  return losses.map((loss) => block(loss / largest)).join('');
}

function block(height: number): string {
  const level = Math.floor(Math.max(0, height) * BLOCKS.length);
  return BLOCKS[Math.min(level, BLOCKS.length - 1)] as string;
}

/** What came of it, a row a variant. */
export function drawOutcomes(outcomes: Outcome[]): string {
  const table = new Table({
    head: ['starts with', 'reach before', 'reach after', 'error', 'of 1/6', 'learned'],
    style: { head: [], border: [] },
  });
  for (const { variant, history, error } of outcomes) {
    const [before, after] = [history.records[0], history.records.at(-1)] as [MonitorRecord, MonitorRecord];
    const share = `${((100 * error) / FORGETFUL_ERROR).toFixed(0)} %`;
    const reach = [before, after].map((record) => power(reachOf(record).fraction)) as [string, string];
    table.push([variant, ...reach, error.toFixed(4), share, hasLearned({ error }) ? 'yes' : 'no']);
  }
  return table.toString();
}

/** What the numbers say and what they do not, drawn from the outcomes. */
export function conclusion(outcomes: Outcome[]): string {
  const reach = ({ history }: Outcome) => reachOf(history.records[0] as MonitorRecord).fraction ?? 0;
  const names = (list: Outcome[]) => list.map(({ variant }) => variant).join(', ');
  const byReach = [...outcomes].sort((a, b) => reach(b) - reach(a));
  const byError = [...outcomes].sort((a, b) => a.error - b.error);
  const agree = names(byReach) === names(byError);
  const learned = outcomes.filter(hasLearned);
  return [
    `By how far the gradient reached before training: ${names(byReach)}.`,
    `By what they have learned:                       ${names(byError)}.`,
    `${agree ? 'The orders are the same' : 'The orders differ'} in this run. Learned: ${names(learned) || 'none, in so few steps'}.`,
  ].join('\n');
}

function power(fraction: number | null): string {
  return fraction === null ? '-' : fraction.toExponential(1);
}

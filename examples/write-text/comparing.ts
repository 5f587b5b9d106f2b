import Table from 'cli-table3';
import type { Training } from './training.js';

/** One way to train, and how it went. */
export interface Contender extends Training {
  name: string;
  /** What its LSTMs ran on. */
  ranOn: string;
}

/** How far equal losses may differ: float32 sums are taken in another order, and differences add up over the steps. */
export const LOSS_TOLERANCE = 1e-4;

/** The largest difference at any step between the losses of two trainings. */
export function largestDifference(a: Training, b: Training): number {
  return Math.max(...a.losses.map((loss, step) => Math.abs(loss - (b.losses[step] ?? Number.NaN))));
}

/** @throws Error where the losses of the others are not those of the first, at every step. */
export function requireSameLosses([first, ...others]: readonly [Contender, ...Contender[]]): void {
  for (const other of others) {
    const difference = largestDifference(first, other);
    if (!(difference <= LOSS_TOLERANCE)) {
      const rule = `the losses of ${other.name} must be those of ${first.name} to ${LOSS_TOLERANCE}`;
      throw new Error(`${rule}, got a difference of ${difference}`);
    }
  }
}

/** A table of all of them; times are medians, on which the slow first step has no influence. */
export function drawComparison(contenders: readonly [Contender, ...Contender[]]): string {
  const [first] = contenders;
  const table = new Table({
    head: ['', 'ran on', 'first loss', 'last loss', 'differs by', 'ms a step', 'times as fast'],
    style: { head: [], border: [] },
    chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const contender of contenders) {
    const { name, ranOn, losses, milliseconds } = contender;
    const [firstLoss, lastLoss] = [losses[0] as number, losses.at(-1) as number];
    table.push([
      ...[name, ranOn, firstLoss.toFixed(6), lastLoss.toFixed(6)],
      contender === first ? '' : formatDifference(largestDifference(first, contender)),
      median(milliseconds).toFixed(0),
      (median(first.milliseconds) / median(milliseconds)).toFixed(1),
    ]);
  }
  return table.toString();
}

function formatDifference(difference: number): string {
  return difference === 0 ? '0' : difference.toExponential(0);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [below, above] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((below as number) + (above as number)) / 2;
}

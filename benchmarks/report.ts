import Table from 'cli-table3';
import { formatTime } from './format-time.js';
import type { Measurement } from './measuring.js';
import type { SectionName } from './options.js';
import type { Spread } from './spread.js';

/** A measurement and what it is of. */
export interface Result extends Measurement {
  section: SectionName;
  backend: string;
  /** `BxTxDxU`, or the name of a model. */
  shape: string;
  /** What else tells the section's results apart: the recurrent activation, or what a model does. Empty where there is nothing. */
  setting: string;
  /** What is compared: `ratio` is the time of the first over that of the second. */
  compared: { baseline: string; candidate: string };
  /** What the candidate ran on; and the reason, where it was not a fused kernel. */
  ranOn: string;
}

/** One line, for while others are still being measured. */
export function formatLine({ section, backend, shape, setting, compared, ratio }: Result): string {
  const place = [section, backend, shape, setting].filter((part) => part !== '').join(', ');
  return `${place}: ${compared.baseline} / ${compared.candidate} ${formatSpread(ratio)}`;
}

/** A table, and below it why what did not run on a fused kernel did not. */
export function formatResults(results: readonly Result[]): string {
  const reasons = new Set(results.map(({ ranOn }) => ranOn).filter((ranOn) => ranOn.includes(':')));
  const table = formatTable(
    ['backend', 'of', 'setting', 'compared', 'ms', 'ratio (quartiles)', 'rounds', 'ran on'],
    results.map(({ backend, shape, setting, compared, baseline, candidate, ratio, rounds, ranOn }) => [
      backend,
      shape,
      setting,
      `${compared.baseline} / ${compared.candidate}`,
      `${formatTime(baseline.median)} / ${formatTime(candidate.median)}`,
      formatSpread(ratio),
      String(rounds),
      ranOn.split(':', 1)[0] as string,
    ]),
  );
  return [table, ...reasons].join('\n');
}

/** Columns of numbers are set to the right. */
export function formatTable(head: string[], rows: string[][]): string {
  const isNumber = (column: number) => rows.some((row) => /^[\d.]+( |$)/.test(row[column] as string));
  const table = new Table({
    head,
    style: { head: [], border: [] },
    chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
    colAligns: head.map((_, column) => (isNumber(column) ? 'right' : 'left')),
  });
  table.push(...rows);
  return table.toString();
}

/** Median and, in brackets, quartiles. */
export function formatSpread({ median, low, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

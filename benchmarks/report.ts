import Table from 'cli-table3';
import type { Duel, Measurement, Spread } from './measuring.js';
import { formatShape, type Shape } from './shapes.js';

/** A measurement and what it is of. */
export interface Result extends Measurement {
  backend: string;
  /** `BxTxDxU` */
  shape: string;
  task: string;
  /** What is compared, `baseline / candidate`. */
  compared: string;
}

export function resultOf(backend: string, shape: Shape, duel: Duel, measurement: Measurement): Result {
  const { task, baseline, candidate } = duel;
  const compared = `${baseline.name} / ${candidate.name}`;
  return { backend, shape: formatShape(shape), task, compared, ...measurement };
}

/** One line, for while others are still being measured. */
export function formatLine({ backend, shape, task, compared, ratio }: Result): string {
  return `${backend}, ${shape}, ${task}: ${compared} ${formatRatio(ratio)}`;
}

/** The results of one backend. */
export function formatTable(results: readonly Result[]): string {
  const table = new Table({
    head: ['B x T x D x U', 'task', 'compared', 'ms', 'ratio (quartiles)', 'rounds'],
    style: { head: [], border: [] },
    chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right'],
  });
  for (const { shape, task, compared, baseline, candidate, ratio, rounds } of results) {
    const times = `${baseline.median.toFixed(1)} / ${candidate.median.toFixed(1)}`;
    table.push([shape, task, compared, times, formatRatio(ratio), rounds]);
  }
  return table.toString();
}

function formatRatio({ median, low, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

import { join } from 'node:path';
import type { Machine } from './machine.js';
import type { Result } from './report.js';
import type { Verdict } from './targets/judge.js';

/** What a run leaves behind. */
export interface ResultsFile {
  machine: Machine;
  versions: Record<string, string>;
  threads: string;
  plain: boolean;
  results: Result[];
  /** What sections measured beside their results, by their names. */
  data: Partial<Record<string, unknown>>;
  targets: Verdict[];
}

const FOLDER = 'benchmarks/results';

/** Where a run of today on this machine is kept. */
export function resultsFile({ cpu, simd, node }: Machine, day = new Date()): string {
  const processor = cpu
    .toLowerCase()
    .replace(/\(\w+\)|cpu|processor|@.*/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const machine = [processor, simd, 'node', node.slice(1).split('.', 1)[0]].filter((part) => part !== null);
  return join(FOLDER, `${day.toISOString().slice(0, 10)}-${machine.join('-')}.json`);
}

/** To four digits, which is more than any of them deserves; a line for each result. */
export function formatResultsFile({ results, data, targets, ...rest }: ResultsFile): string {
  const rounded = (value: unknown): string =>
    JSON.stringify(value, (_, part) => (typeof part === 'number' ? Number(part.toPrecision(4)) : part));
  const lines = (values: readonly unknown[]) => `[\n${values.map((value) => `  ${rounded(value)}`).join(',\n')}\n]`;
  const fields = [
    ...Object.entries(rest).map(([name, value]) => [name, JSON.stringify(value)] as const),
    ['results', lines(results)] as const,
    ['data', rounded(data)] as const,
    ['targets', lines(targets)] as const,
  ];
  return `{\n${fields.map(([name, text]) => `"${name}": ${text}`).join(',\n')}\n}\n`;
}

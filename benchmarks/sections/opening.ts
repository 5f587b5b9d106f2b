import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FileSize, kerasFile } from '../opening/keras-file.js';
import { openInChromium } from '../opening/open-in-chromium.js';
import type { Opening } from '../opening/open-in-node.js';
import { formatTable } from '../report.js';
import type { Section } from '../section.js';
import { bundle, FOLDER } from '../start/bundles.js';

/** Of 50 MB; and one of which Orthogonal, the initializer of its recurrent kernel, would never come to an end. */
const SIZES: readonly FileSize[] = [
  { features: 580, units: 1500 },
  { features: 100, units: 3000 },
];

interface Row extends Opening {
  host: 'Node' | 'Chromium';
  size: FileSize;
  /** Of the file. */
  bytes: number;
}

/** Needs Linux, which tells how much memory a process has had at most. */
export const openingSection: Section = {
  title: 'Opening a .keras file: an LSTM, in a fresh process and in a fresh browser',
  run: async () => {
    mkdirSync(FOLDER, { recursive: true });
    const program = join(FOLDER, 'open-in-node.cjs');
    await bundle('benchmarks/opening/open-in-node.ts', program, { ignoreAnnotations: true });
    const files = SIZES.map((size) => {
      const path = join(FOLDER, `lstm-${size.features}x${size.units}.keras`);
      const contents = kerasFile(size);
      writeFileSync(path, contents);
      return { size, path, bytes: contents.length };
    });
    const rows: Row[] = [];
    for (const { path, size, bytes } of files) {
      const { stdout } = await promisify(execFile)(process.execPath, [program, path]);
      rows.push({ host: 'Node', size, bytes, ...(JSON.parse(stdout) as Opening) });
    }
    const inChromium = await openInChromium(files.map(({ path }) => path));
    for (const [n, { size, bytes }] of files.entries()) {
      rows.push({ host: 'Chromium', size, bytes, ...(inChromium[n] as Opening) });
    }
    requireSame(rows);
    return { results: [], tables: [format(rows)], data: rows };
  },
};

/** @throws Error where the two hosts do not read the same numbers. */
function requireSame(rows: readonly Row[]): void {
  for (const { size, sum } of rows) {
    const sums = rows.filter((row) => row.size === size).map((row) => row.sum);
    if (!(sum > 0) || new Set(sums).size !== 1) throw new Error(`opening: weights differ: ${sums.join(', ')}`);
  }
}

function format(rows: readonly Row[]): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  return formatTable(
    ['host', 'features x units', 'file, MB', 'milliseconds', 'more memory at the peak, MB', 'by the file'],
    rows.map(({ host, size, bytes, milliseconds, peakBytes }) => [
      host,
      `${size.features}x${size.units}`,
      megabytes(bytes),
      milliseconds.toFixed(0),
      megabytes(peakBytes),
      (peakBytes / bytes).toFixed(1),
    ]),
  );
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { inspectionReport } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';
import type { MeasuredReport, ReportSize } from './support/measure-reports.js';

beforeAll(() => useBackend('wasm'));

/** What a page has beside the traces: its script, its style, its words and small pictures. */
const MOST_BESIDE = 200_000;

test('A page is not larger than the traces that it may hold and what is always there', async () => {
  const layers = [lstm({ units: 32, returnSequences: true, inputShape: [60, 4] })];
  const largestBytes = 60_000;
  const html = await inspectionReport({
    model: tf.sequential({ layers }),
    inputs: randomTensor([8, 60, 4], 3),
    largestBytes,
  });
  expect(html.length).toBeLessThan(largestBytes + MOST_BESIDE);
  expect(html.length).toBeGreaterThan(largestBytes / 2);
});

const LARGE: (ReportSize & { said: RegExp })[] = [
  { layers: 3, units: 128, timesteps: 240, samples: 8, said: /^values are rounded to one of \d+ levels\.$/ },
  {
    layers: 1,
    units: 500,
    timesteps: 2000,
    samples: 1,
    said: /the [12]\d\d most active of 500 units; values are rounded/,
  },
];

/** In a process of its own: within Jest, where millions of values are slow to write, they take five times as long. */
async function measureReports(sizes: readonly ReportSize[]): Promise<MeasuredReport[]> {
  const script = 'test/plot/report/support/measure-reports.ts';
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    script,
    JSON.stringify(sizes.map(({ layers, units, timesteps, samples }) => ({ layers, units, timesteps, samples }))),
  ]);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

test('Pages of large models have less than 2 MB, and say what they leave out', async () => {
  const measured = await measureReports(LARGE);
  expect(measured).toHaveLength(LARGE.length);
  for (const [n, { length, said }] of measured.entries()) {
    expect(length).toBeLessThan(2e6);
    expect(said).toMatch(LARGE[n]?.said as RegExp);
  }
}, 240_000);

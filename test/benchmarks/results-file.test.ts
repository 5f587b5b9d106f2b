import type { Machine } from '../../benchmarks/machine.js';
import type { Result } from '../../benchmarks/report.js';
import { formatResultsFile, resultsFile } from '../../benchmarks/results-file.js';

const machine: Machine = { cpu: 'AMD EPYC', simd: 'avx2', l2: '512K', cores: 2, load: 0.1, node: 'v20.20.2' };
const spread = { median: 1.23456, low: 1, high: 123456 };
const result: Result = {
  section: 'inference',
  backend: 'wasm',
  shape: '1x2x3x4',
  setting: 'sigmoid',
  compared: { baseline: 'a', candidate: 'b' },
  ranOn: '',
  rounds: 12345,
  baseline: spread,
  candidate: spread,
  ratio: spread,
};

describe('resultsFile', () => {
  it.each([
    ['AMD EPYC', 'avx2', '2026-11-29-amd-epyc-avx2-node-20.json'],
    ['AMD EPYC', 'avx512f', '2026-11-29-amd-epyc-avx512f-node-20.json'],
    ['Intel(R) Xeon(R) Processor @ 2.80GHz', 'avx512f', '2026-11-29-intel-xeon-avx512f-node-20.json'],
    ['AMD EPYC 7B13 64-Core Processor', null, '2026-11-29-amd-epyc-7b13-64-core-node-20.json'],
  ])('names the file of %s with %s after the day, these and Node', (cpu, simd, name) => {
    expect(resultsFile({ ...machine, cpu, simd }, new Date('2026-11-29T12:00:00Z'))).toBe(`benchmarks/results/${name}`);
  });
});

describe('formatResultsFile', () => {
  it('is JSON with a line for each result, and numbers to four digits', () => {
    const rest = { versions: { a: '1.0.0' }, threads: 'one', plain: false, data: { growth: [1.00001] }, targets: [] };
    const text = formatResultsFile({ machine, results: [result, result], ...rest });
    const rounded = { median: 1.235, low: 1, high: 123500 };
    const read = { ...result, rounds: 12350, baseline: rounded, candidate: rounded, ratio: rounded };
    expect(JSON.parse(text)).toEqual({ machine, results: [read, read], ...rest, data: { growth: [1] } });
    expect(text.split('\n').filter((line) => line.includes('inference'))).toHaveLength(2);
  });
});

import type { Result } from '../../benchmarks/report.js';
import type { ResultsFile } from '../../benchmarks/results-file.js';
import { formatMarkdown, measuredOn, replaceTables, tablesOf } from '../../benchmarks/tables.js';

const spread = (median: number) => ({ median, low: 0, high: 99 });

function result(changes: Partial<Result>, ratio: number): Result {
  return {
    section: 'inference',
    backend: 'wasm',
    shape: '1x2x3x4',
    setting: 'hardSigmoid',
    compared: { baseline: 'built-in', candidate: 'explicit' },
    ranOn: '',
    rounds: 3,
    baseline: spread(12),
    candidate: spread(12 / ratio),
    ratio: spread(ratio),
    ...changes,
  };
}

const torch = {
  section: 'torch',
  setting: 'inference',
  compared: { baseline: 'PyTorch on 1 thread', candidate: 'explicit' },
} as const;
const file: ResultsFile = {
  machine: { cpu: 'AMD EPYC', simd: 'avx2', l2: '512K', cores: 2, load: 0.1, node: 'v20.1.0' },
  versions: { '@tensorflow/tfjs': '4.22.0' },
  threads: 'Threads: all 1',
  plain: false,
  results: [
    result({}, 2.345),
    result({ section: 'training' }, 45.6),
    result({ backend: 'cpu', setting: 'sigmoid' }, 3),
    result(
      {
        section: 'models',
        shape: 'adder',
        setting: 'training step',
        compared: { baseline: 'built-in', candidate: 'accelerated' },
      },
      4,
    ),
    ...(['accelerated', 'explicit', 'without LSTMs'] as const).map((candidate, n) =>
      result(
        {
          section: 'models',
          backend: 'cpu',
          shape: 'adder',
          setting: 'training step',
          compared: { baseline: 'built-in', candidate },
        },
        n + 2,
      ),
    ),
    result({ section: 'streaming', backend: 'tensorflow', setting: '' }, 5),
    result({ section: 'trace', backend: 'cpu', setting: 'sigmoid' }, 0.8),
    result(torch, 0.5),
  ],
  data: {},
  targets: [
    { claim: 'fast', at: '1x2x3x4', wanted: 'ratio ≥ 3', measured: 2.345, reached: false },
    { claim: 'linear', at: 'T', wanted: 'exponent ≤ 1', measured: 0.9, reached: true },
    { claim: 'unknown', at: 'U', wanted: 'exponent ≤ 1', measured: null, reached: null },
  ],
};

const rowsUnder = (first: string) => tablesOf(file).find(({ head }) => head[0] === first)?.rows;

describe('tablesOf', () => {
  it('has the speedups of each activation, and a dash where nothing was measured', () => {
    expect(rowsUnder('B x T x D x U, hardSigmoid')).toEqual([['1x2x3x4', '2.3, 46', '–, –', '–, –']]);
    expect(rowsUnder('B x T x D x U, sigmoid')).toEqual([['1x2x3x4', '–, –', '3.0, –', '–, –']]);
  });

  it('has those of the models', () => {
    expect(rowsUnder('model: training step, 32 rows, one row')).toEqual([
      ['adder', '4.0, –, –', '2.0, –, –', '–, –, –'],
    ]);
  });

  it('has what takes how long, and what of it is not the LSTMs', () => {
    expect(rowsUnder('model, ms')).toEqual([
      ['adder', 'wasm', '–', '–', '–', '–', '–'],
      ['adder', 'cpu', '12.0 → 6.00 → 4.00', '3.00', '3.0', '–', '–'],
    ]);
  });

  it('has calls of one timestep, and what a trace takes', () => {
    expect(rowsUnder('a timestep a call, stateful')).toEqual([['1x2x3x4', '–', '–', '5.0']]);
    expect(rowsUnder('extra time for a trace: hardSigmoid, sigmoid')).toEqual([['1x2x3x4', '–, –', '–, 25 %', '–, –']]);
  });

  it('says how many times as long as PyTorch each takes', () => {
    const table = tablesOf(file).find(({ head }) => head[2] === 'wasm / PyTorch');
    expect(table?.rows).toEqual([['1x2x3x4', '12.0, –', '2.00, –', '–, –', '–, –']]);
  });

  it('lists the targets that were missed, and no other', () => {
    expect(rowsUnder('target missed')).toEqual([['fast', '1x2x3x4', 'ratio ≥ 3', '2.35']]);
  });

  it('gives no two tables one head', () => {
    const heads = tablesOf(file).map(({ head }) => head.join());
    expect(new Set(heads).size).toBe(heads.length);
  });
});

describe('measuredOn', () => {
  it('names the processor, the versions and how many targets were reached', () => {
    expect(measuredOn(file)).toBe(
      'Measured on 2 cores of AMD EPYC (avx2, L2 512K), load 0.1, Node 20.1.0, tfjs 4.22.0. Threads: all 1. ' +
        '1 of 2 targets reached. A dash: not timed.',
    );
  });
});

describe('replaceTables', () => {
  it('replaces the tables that have the same heads, and the line of the machine, and nothing else', () => {
    const table = { head: ['a', 'b'], rows: [['1', '2']] };
    const text =
      'one\n\n| a | b |\n|---|---|\n| 8 | 9 |\n| 7 | 7 |\n\n| a | c |\n|---|---|\n| 8 | 9 |\nMeasured on x\nend\n';
    expect(replaceTables(text, [table], 'Measured on y')).toBe(
      `one\n\n${formatMarkdown(table)}\n\n| a | c |\n|---|---|\n| 8 | 9 |\nMeasured on y\nend\n`,
    );
  });
});

import type { Result } from '../../../benchmarks/report.js';
import { judge, judgeGrowth } from '../../../benchmarks/targets/judge.js';

const spread = { median: 1, low: 0, high: 9 };

function result(changes: Partial<Result>, median: number): Result {
  return {
    section: 'onnx',
    backend: 'wasm',
    shape: '1x2x3x4',
    setting: '',
    compared: { baseline: 'a', candidate: 'explicit' },
    ranOn: '',
    rounds: 3,
    baseline: spread,
    candidate: spread,
    ratio: { median, low: 0, high: 100 },
    ...changes,
  };
}

const target = { claim: 'fast', section: 'onnx', backend: 'wasm', baseline: 'a', least: { '1x2x3x4': 2 } } as const;

describe('judge', () => {
  it.each([
    [2, true],
    [2.5, true],
    [1.99, false],
  ])('holds the median %d of a ratio against the target', (median, reached) => {
    const verdicts = judge(target, [result({}, median)]);
    expect(verdicts).toEqual([{ claim: 'fast', at: '1x2x3x4', wanted: 'ratio ≥ 2', measured: median, reached }]);
  });

  it.each([
    { section: 'floor' as const },
    { backend: 'cpu' },
    { shape: '1x2x3x5' },
    { compared: { baseline: 'b', candidate: 'explicit' } },
  ])('does not take the result of something else: %j', (changes) => {
    expect(judge(target, [result(changes, 9)])).toMatchObject([{ measured: null, reached: null }]);
    expect(judge(target, [result(changes, 9), result({}, 1)])).toMatchObject([{ measured: 1, reached: false }]);
  });

  it('judges each setting, or the one that the target names', () => {
    const results = [result({ setting: 'sigmoid' }, 3), result({ setting: 'hardSigmoid' }, 1)];
    expect(judge(target, results)).toMatchObject([
      { at: '1x2x3x4, sigmoid', reached: true },
      { at: '1x2x3x4, hardSigmoid', reached: false },
    ]);
    expect(judge({ ...target, setting: 'hardSigmoid' }, results)).toMatchObject([{ at: '1x2x3x4', measured: 1 }]);
  });

  it('takes any baseline where the target names none, and judges shape by shape', () => {
    const least = { '1x2x3x4': 1, '5x6x7x8': 1 / 1.15 };
    const { baseline, ...rest } = target;
    const verdicts = judge({ ...rest, least }, [result({}, 0.9), result({ shape: '5x6x7x8' }, 0.9)]);
    expect(verdicts.map(({ wanted, reached }) => [wanted, reached])).toEqual([
      ['ratio ≥ 1', false],
      ['ratio ≥ 0.87', true],
    ]);
  });
});

describe('judgeGrowth', () => {
  const growthTarget = { claim: 'linear', backend: 'wasm', size: 'T', most: 1.05 } as const;
  const growth = (changes: object, explicit: number) => ({
    backend: 'wasm',
    size: 'T',
    from: 1,
    to: 2,
    exponent: { builtIn: 5, explicit },
    ...changes,
  });

  it.each([
    [1.05, true],
    [0.8, true],
    [1.06, false],
  ])('holds the exponent %d of the explicit layer against the target', (exponent, reached) => {
    const others = [growth({ size: 'U' }, 3), growth({ backend: 'cpu' }, 3)];
    const verdict = judgeGrowth(growthTarget, [...others, growth({}, exponent)]);
    expect(verdict).toEqual({ claim: 'linear', at: 'T', wanted: 'exponent ≤ 1.05', measured: exponent, reached });
  });

  it('does not judge what was not measured', () => {
    expect(judgeGrowth(growthTarget, [growth({ size: 'U' }, 1)])).toMatchObject({ measured: null, reached: null });
  });
});

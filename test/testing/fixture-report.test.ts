import { compare } from '../../src/testing/compare.js';
import { describeReport } from '../../src/testing/fixture-report.js';

describe('describeReport', () => {
  test('tells the index where it is not known what the axes stand for', () => {
    const expected = { shape: [2, 1, 2, 1], values: [1, 2, 3, 4] };
    const comparison = compare(expected, [1, 2, 3, 5.5], { atol: 0.5, rtol: 0 });
    const report = {
      fixture: 'f',
      passed: false,
      quantities: [{ name: 'output', kind: 'output' as const, ...comparison }],
      firstDifferingGate: null,
      notCompared: ['the gates'],
    };
    expect(describeReport(report)).toBe(
      'f: 1 of 1 quantities differ\n' +
        '  output: 1 of 4 differ, by up to 1.5; at [1, 0, 1, 0] expected 4, received 5.5\n' +
        '  not compared: the gates',
    );
  });
});

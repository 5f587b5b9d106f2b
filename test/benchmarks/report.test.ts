import { formatTime } from '../../benchmarks/format-time.js';
import { formatLine, formatResults, formatSpread, type Result } from '../../benchmarks/report.js';

const result: Result = {
  section: 'inference',
  backend: 'wasm',
  shape: '1x2x3x4',
  setting: '',
  compared: { baseline: 'built-in', candidate: 'explicit' },
  ranOn: 'reference: no kernel',
  rounds: 7,
  baseline: { median: 250.4, low: 1, high: 999 },
  candidate: { median: 1.2345, low: 1, high: 999 },
  ratio: { median: 3, low: 2.5, high: 4.126 },
};

describe('formatResults', () => {
  it('shows both times, the ratio with its quartiles, the rounds and what ran', () => {
    const row = formatResults([result]).split('\n')[2];
    expect(row?.replace(/[│ ]+/g, ' ').trim()).toBe(
      'wasm 1x2x3x4 built-in / explicit 250 / 1.23 3.00 (2.50 to 4.13) 7 reference',
    );
  });

  it('says each reason once, below the table', () => {
    const lines = formatResults([result, result, { ...result, ranOn: 'kernel' }]).split('\n');
    expect(lines.filter((line) => line.includes('no kernel'))).toEqual(['reference: no kernel']);
    expect(lines.at(-1)).toBe('reference: no kernel');
  });
});

describe('formatLine', () => {
  it('is one line with the ratio', () => {
    expect(formatLine(result)).toBe('inference, wasm, 1x2x3x4: built-in / explicit 3.00 (2.50 to 4.13)');
  });
});

describe('formatSpread', () => {
  it('gives the quartiles after the median', () => {
    expect(formatSpread(result.ratio)).toBe('3.00 (2.50 to 4.13)');
  });
});

describe('formatTime', () => {
  it.each([
    [0.012345, '0.0123'],
    [12.345, '12.3'],
    [99.9, '99.9'],
    [12345.6, '12346'],
  ])('writes %d as %s', (time, text) => {
    expect(formatTime(time)).toBe(text);
  });
});

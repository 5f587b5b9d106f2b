import { describeFindings } from '../../../src/inspect/diagnose/describe-findings.js';
import type { Finding } from '../../../src/inspect/diagnose/finding.js';

const finding = (place: Partial<Finding> = {}): Finding => ({
  kind: 'gate closed',
  severity: 'warning',
  layerName: 'memory',
  direction: 'forward',
  cell: 0,
  gate: 'i',
  units: [1],
  timestep: null,
  evidence: { 'fraction of steps': 1, 'share of units': 0.25 },
  message: 'So it is.',
  remedy: 'This.',
  ...place,
});

test('A finding is four lines: what and where, what it means, the evidence, and what to try', () => {
  const other = finding({ layerName: null, kind: 'non-finite input', severity: 'error', evidence: { input: 0 } });
  expect(describeFindings([finding(), other]).split('\n')).toEqual([
    '1. warning: memory, gate closed',
    '   So it is.',
    '   Evidence: fraction of steps 1, share of units 0.25.',
    '   Try: This.',
    '2. error: non-finite input',
    '   So it is.',
    '   Evidence: input 0.',
    '   Try: This.',
  ]);
});

test('Directions and stacked cells are named where there are any', () => {
  const heading = (place: Partial<Finding>) => describeFindings([finding(place)]).split('\n')[0];
  expect(heading({ direction: 'backward' })).toBe('1. warning: memory (backward), gate closed');
  expect(heading({ cell: 1 })).toBe('1. warning: memory (cell 1), gate closed');
  expect(heading({ direction: 'backward', cell: 2 })).toBe('1. warning: memory (backward, cell 2), gate closed');
});

test('Findings are described once they are awaited', () => {
  const promise = Promise.resolve([]) as never;
  expect(() => describeFindings(promise)).toThrow(/^describeFindings: findings must be an array, .* class Promise/);
});

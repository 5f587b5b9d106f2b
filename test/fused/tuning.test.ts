import * as tf from '@tensorflow/tfjs';
import { chooseImplementation } from '../../src/fused/choose.js';
import type { FusedProblem } from '../../src/fused/fused-kernel.js';
import { type Tuning, type TuningRow, useTuning } from '../../src/fused/tuning.js';
import { useBackend } from '../../tools/backends.js';
import { warningsOf } from '../support/warnings.js';
import { FUSED_PROBLEM } from './support/fused-problem.js';
import { isRelaxedSimdValid } from './support/relaxed-simd.js';

beforeAll(() => useBackend('cpu'));
afterEach(() => useTuning([]));

const MODULE = isRelaxedSimdValid() ? 'wasm-relaxed-simd' : 'wasm-simd';

const row = (implementation: string, ms: number, problem: Partial<FusedProblem> = {}, backend = 'cpu'): TuningRow => ({
  problem: { backend, ...FUSED_PROBLEM, ...problem },
  implementation,
  ms,
});

const chosen = (problem: Partial<FusedProblem> = {}) =>
  chooseImplementation('LSTM.call', 'a', 'auto', { ...FUSED_PROBLEM, ...problem }).implementation.name;

test('A saved table decides what runs, until another one takes its place', () => {
  const saved = JSON.stringify([row('reference', 1), row(MODULE, 2)]);
  useTuning(JSON.parse(saved) as Tuning);
  expect(chosen()).toBe('reference');
  useTuning([row('reference', 2), row(MODULE, 1)]);
  expect(chosen()).toBe(MODULE);
  useTuning([row('reference', 2), row(MODULE, 3), row(MODULE, 1)]);
  expect(chosen()).toBe(MODULE);
  useTuning([row('reference', 2), row(MODULE, 1), row(MODULE, 3)]);
  expect(chosen()).toBe('reference');
  useTuning([]);
  expect(chosen()).toBe(MODULE);
});

test.each<Partial<FusedProblem>>([
  { batch: 3 },
  { timesteps: 6 },
  { features: 4 },
  { units: 5 },
  { activation: 'relu' },
  { recurrentActivation: 'hardSigmoid' },
  { isMasked: true },
  { hasRecurrentDropout: true },
  { keepsGates: true },
  { takesGradients: true },
])('What is said of one problem says nothing of one with %j', (other) => {
  useTuning([row('reference', 1)]);
  expect(chosen()).toBe('reference');
  expect(chosen(other)).toBe(MODULE);
  useTuning([row('reference', 1, other)]);
  expect(chosen()).toBe(MODULE);
  expect(chosen(other)).toBe('reference');
});

test('Nor of another backend, or of additions', () => {
  useTuning([row('reference', 1, {}, 'webgl'), row('reference', 1, { additions: ['peepholes'] })]);
  expect(chosen()).toBe(MODULE);
});

test('What is not here, or does not apply, is passed over', () => {
  useTuning([row('quantum', 1), row('webgl', 2), row('tensorflow-block-lstm', 3)]);
  expect(chosen()).toBe(MODULE);
  useTuning([row(MODULE, 1, { activation: 'softmax' })]);
  expect(chosen({ activation: 'softmax' })).toBe('reference');
});

test('The flag and useFused stand above it', () => {
  useTuning([row('reference', 1)]);
  expect(chooseImplementation('LSTM.call', 'a', true, FUSED_PROBLEM).implementation.name).toBe(MODULE);
  useTuning([row(MODULE, 1)]);
  expect(chooseImplementation('LSTM.call', 'a', false, FUSED_PROBLEM).implementation.name).toBe('reference');
  tf.env().set('EXPLICIT_LSTM_USE_FUSED', false);
  expect(chosen()).toBe('reference');
  tf.env().set('EXPLICIT_LSTM_USE_FUSED', true);
  expect(chosen()).toBe(MODULE);
});

const { problem, ...others } = row('reference', 1);
const { batch: _batch, ...withoutBatch } = problem;

test.each<[unknown, string]>([
  [undefined, 'useTuning: tuning must be an array of rows, got undefined'],
  ['[]', "useTuning: tuning must be an array of rows, got '[]'"],
  [[null], 'useTuning, row 0: options must be an object, got null'],
  [[row('reference', 1), { ...others }], 'useTuning, row 1: problem must be an object, got undefined'],
  [[{ ...others, problem: [] }], 'useTuning, row 0, problem: options must be an object, got []'],
  [
    [{ ...others, problem: withoutBatch }],
    'useTuning, row 0, problem: batch must be a positive integer, got undefined',
  ],
  [[row('reference', -1)], 'useTuning, row 0: ms must be a number of milliseconds, 0 or more, got -1'],
  [[row('reference', Number.NaN)], 'useTuning, row 0: ms must be a number of milliseconds, 0 or more, got NaN'],
  [[row('reference', '1' as never)], "useTuning, row 0: ms must be a number of milliseconds, 0 or more, got '1'"],
  [[row(7 as never, 1)], 'useTuning, row 0: implementation must be a string, got 7'],
  [[row('reference', 1, { units: 1.5 })], 'useTuning, row 0, problem: units must be a positive integer, got 1.5'],
  [[row('reference', 1, { isMasked: 1 as never })], 'useTuning, row 0, problem: isMasked must be a boolean, got 1'],
  [
    [row('reference', 1, { additions: 'peepholes' as never })],
    "useTuning, row 0, problem: additions must be an array of strings, got 'peepholes'",
  ],
  [
    [row('reference', 1, { isMaskd: true } as never)],
    "useTuning, row 0, problem: the option must be spelt 'isMasked', got 'isMaskd'",
  ],
])('Of a stranger, %j is refused, and what was there stays', (tuning, message) => {
  useTuning([row('reference', 1)]);
  expect(() => useTuning(tuning as Tuning)).toThrow(new RangeError(message));
  expect(chosen()).toBe('reference');
});

test.each(Object.keys(row('reference', 1).problem))('A row must say its %s, and as what it is', (field) => {
  const { problem, ...rest } = row('reference', 1);
  const without = Object.fromEntries(Object.entries(problem).filter(([name]) => name !== field));
  const broken = { ...problem, [field]: {} };
  for (const wrong of [without, broken]) {
    expect(() => useTuning([{ ...rest, problem: wrong as unknown as TuningRow['problem'] }])).toThrow(
      new RegExp(`^useTuning, row 0, problem: ${field} must be a`),
    );
  }
});

test.each(['problem', 'implementation', 'ms'])('A row must have its %s', (field) => {
  const wrong = Object.fromEntries(Object.entries(row('reference', 1)).filter(([name]) => name !== field));
  expect(() => useTuning([wrong as unknown as TuningRow])).toThrow(new RegExp(`^useTuning, row 0: ${field} must be a`));
  expect(() => useTuning([row('reference', 1), wrong as unknown as TuningRow])).toThrow('useTuning, row 1: ');
});

test('A table of a later version is read as far as it is known', async () => {
  const later = { ...row('reference', 1), device: 'a graphics card' };
  const warnings = await warningsOf(() => useTuning([later]));
  expect(warnings).toEqual(["useTuning, row 0: the option 'device' is unknown and has no effect."]);
  expect(chosen()).toBe('reference');
});

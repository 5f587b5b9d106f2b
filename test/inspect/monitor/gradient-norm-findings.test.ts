import {
  failureFinding,
  gradientNormFindings,
  lossFinding,
} from '../../../src/inspect/monitor/gradient-norm-findings.js';
import { DEFAULT_MONITOR_THRESHOLDS } from '../../../src/inspect/monitor/thresholds.js';
import type { WeightNormsByGate } from '../../../src/inspect/weights/weight-norms-by-gate.js';

const PLACE = { layerName: 'encoder/memory', direction: 'backward', cell: 1 } as const;
const SENTENCE = expect.stringMatching(/^[A-Z].*\.$/);

/** Norms of each gate over its kernel, recurrent kernel and bias together: 3 by i, 6 by f, 9 by g and 12 by o. */
const norms = (scale = 1, changes: Partial<WeightNormsByGate> = {}): WeightNormsByGate => ({
  kernel: { i: scale, f: 2 * scale, g: 3 * scale, o: 4 * scale },
  recurrentKernel: { i: 2 * scale, f: 4 * scale, g: 6 * scale, o: 8 * scale },
  bias: { i: 2 * scale, f: 4 * scale, g: 6 * scale, o: 8 * scale },
  ...changes,
});
const WHOLE = Math.hypot(3, 6, 9, 12);

const find = (gradients: WeightNormsByGate, earlier: number[] = [], thresholds: object = {}) =>
  gradientNormFindings(
    { place: PLACE, gradients, weights: norms(), earlier },
    { ...DEFAULT_MONITOR_THRESHOLDS, ...thresholds },
  );

describe('Of the gradient of a training step', () => {
  test('nothing is found where it is as usual, with a bias or without', () => {
    expect(find(norms())).toEqual([]);
    expect(find(norms(0.01, { bias: null }), [0.1, 0.2, 0.3])).toEqual([]);
  });

  test('it is found that it is not finite, by gate, and then nothing else', () => {
    const broken = norms(1, { bias: { i: 1, f: Number.NaN, g: 1, o: 1 } });
    expect(find(broken, [1e-9, 1e-9, 1e-9])).toEqual([
      {
        kind: 'non-finite gradient',
        severity: 'error',
        ...PLACE,
        gate: 'f',
        units: [],
        timestep: null,
        evidence: { gates: 'f' },
        message: 'The gradient of the weights of gate f holds NaN or Infinity; after this step, so do the weights.',
        remedy: SENTENCE,
      },
    ]);
    const twice = norms(1, { kernel: { i: Number.POSITIVE_INFINITY, f: 1, g: 1, o: Number.NaN } });
    expect(find(twice)).toMatchObject([
      { gate: null, evidence: { gates: 'i, o' }, message: expect.stringContaining('of gate i, o holds') },
    ]);
  });

  test('it is found which gates it hardly reaches, measured by their own weights', () => {
    const zero = { i: 0, f: 0, g: 0, o: 0 };
    const fading = { kernel: { i: 1, f: 0.0625, g: 1, o: 0.05 }, recurrentKernel: zero, bias: null };
    const thresholds = { noGradient: 0.0078125 };
    expect(find(fading, [], thresholds)).toEqual([
      {
        kind: 'no weight gradient',
        severity: 'warning',
        ...PLACE,
        gate: 'o',
        units: [],
        timestep: null,
        evidence: { 'gradient norm of o': 0.05 },
        message: 'Hardly any gradient reaches the weights of gate o: they do not learn.',
        remedy: SENTENCE,
      },
    ]);
    // As much as is wanted of a norm of 12 is enough.
    const enough = { ...fading, kernel: { ...fading.kernel, o: 0.09375 } };
    expect(find(enough, [], thresholds)).toEqual([]);
    expect(find({ kernel: zero, recurrentKernel: zero, bias: null })).toMatchObject([
      { gate: null, message: 'Hardly any gradient reaches the weights of all gates: they do not learn.' },
    ]);
  });

  test('it is found that it is far larger than the median of three reports or more, and where most', () => {
    // The squares of its gates are 9, 10032, 81 and 144.
    const steps = norms(1, { kernel: { i: 1, f: 100, g: 3, o: 4 } });
    expect(find(steps, [0.5, 7, 0.25, 1], { spike: 50 })).toEqual([
      {
        kind: 'gradient spike',
        severity: 'warning',
        ...PLACE,
        gate: null,
        units: [],
        timestep: null,
        evidence: {
          'gradient norm': 101.3,
          'median before': 0.5,
          'largest in gate': 'f',
        },
        message: expect.stringMatching(/^The gradient is 202\.6 times as large as usual, above all in gate f: .*\.$/),
        remedy: SENTENCE,
      },
    ]);
    expect(find(steps, [0.5, 0.25], { spike: 50 })).toEqual([]);
    expect(find(steps, [0.5, 7, 0.25], { spike: 50 })).toHaveLength(1);
    expect(find(norms(), [WHOLE / 2, WHOLE / 2, WHOLE / 2], { spike: 2 })).toEqual([]);
    expect(find(norms(), [WHOLE / 2, WHOLE / 2, WHOLE / 2], { spike: 1.99 })[0]?.evidence).toMatchObject({
      'largest in gate': 'o',
    });
  });
});

test('A loss that is not finite, and a monitor that failed, are of no layer in particular', () => {
  const NOWHERE = { layerName: null, direction: 'forward', cell: 0, gate: null, units: [], timestep: null };
  expect(lossFinding()).toEqual({
    kind: 'non-finite loss',
    severity: 'error',
    ...NOWHERE,
    evidence: { loss: 'not finite' },
    message: SENTENCE,
    remedy: SENTENCE,
  });
  expect(failureFinding(new TypeError('So it is.'))).toEqual({
    kind: 'monitor failed',
    severity: 'warning',
    ...NOWHERE,
    evidence: { error: 'TypeError' },
    message: 'The monitor has stopped, and training goes on without it: So it is.',
    remedy: SENTENCE,
  });
  expect(failureFinding('a string')).toMatchObject({
    evidence: { error: 'string' },
    message: expect.stringMatching(/without it: a string$/),
  });
});

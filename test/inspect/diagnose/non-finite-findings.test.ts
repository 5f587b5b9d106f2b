import * as tf from '@tensorflow/tfjs';
import { byQuantity } from '../../../src/core/quantities.js';
import { dataFindings, nonFiniteFindings } from '../../../src/inspect/diagnose/non-finite-findings.js';
import { useBackend } from '../../../tools/backends.js';
import { evidenceOf, PLACE } from '../support/evidence.js';

const norms = (spoiled: object = {}) => ({ i: 1, f: 2, g: 3, o: 4, ...spoiled });
const SENTENCE = expect.stringMatching(/^[A-Z].*\.$/);

/** Counts and first timesteps of what is not finite. */
const brokenAt = (first: Record<string, [count: number, firstTimestep: number]>) =>
  byQuantity((quantity) => {
    const [count, firstTimestep] = first[quantity] ?? [0, null];
    return { count, firstTimestep };
  });

test('Weights that are not finite are found gate by gate, and values that follow from them are not told as well', () => {
  const weightNorms = {
    kernel: norms({ f: Number.NaN }),
    recurrentKernel: norms({ f: Number.POSITIVE_INFINITY, o: Number.NaN }),
    bias: null,
  };
  const findings = nonFiniteFindings(evidenceOf({ nonFinite: brokenAt({ f: [3, 0] }) }, { weightNorms }));
  expect(findings).toEqual([
    {
      kind: 'non-finite weight',
      severity: 'error',
      ...PLACE,
      gate: 'f',
      units: [],
      timestep: null,
      evidence: { weights: 'kernel, recurrentKernel' },
      message: 'The weights of gate f hold NaN or Infinity, in kernel, recurrentKernel: training has diverged.',
      remedy: SENTENCE,
    },
    expect.objectContaining({ gate: 'o', evidence: { weights: 'recurrentKernel' } }),
  ]);
});

test('Values that are not finite start in the first quantity that a step computes, at the first timestep that is read', () => {
  const nonFinite = brokenAt({ f: [7, 0], g: [5, 0], c: [6, 0] });
  const place = { ...PLACE, direction: 'forward' } as const;
  expect(nonFiniteFindings(evidenceOf({ nonFinite }, { place, nonFiniteFrom: { f: 4, g: 2, c: 2 } }))).toEqual([
    {
      kind: 'non-finite value',
      severity: 'error',
      ...place,
      gate: 'g',
      units: [],
      timestep: 2,
      evidence: { 'first timestep': 2, 'count in f': 7, 'count in g': 5, 'count in c': 6 },
      message: 'NaN or Infinity first appears at timestep 2, in g, and affects f, g, c.',
      remedy: SENTENCE,
    },
  ]);
  expect(nonFiniteFindings(evidenceOf({ nonFinite }, { nonFiniteFrom: { f: 5, g: 9, c: 9 } }))).toMatchObject([
    {
      direction: 'backward',
      gate: 'g',
      timestep: 9,
      message: 'NaN or Infinity first appears at timestep 9, reading backwards, in g, and affects f, g, c.',
    },
  ]);
  expect(nonFiniteFindings(evidenceOf())).toEqual([]);
});

test('Data that is not finite is found tensor by tensor, whatever the dtype', async () => {
  await useBackend('cpu');
  const tensors = [
    tf.tensor1d([1, 2], 'int32'),
    tf.tensor2d([[1, Number.NaN, 2, Number.NEGATIVE_INFINITY]]),
    tf.tensor1d([true, false], 'bool'),
    tf.tensor1d([Number.POSITIVE_INFINITY, 0, 1]),
  ];
  const count = tf.memory().numTensors;
  const NOWHERE = { layerName: null, direction: 'forward', cell: 0 };
  expect(await dataFindings(tensors, 'input')).toEqual([
    {
      kind: 'non-finite input',
      severity: 'error',
      ...NOWHERE,
      gate: null,
      units: [],
      timestep: null,
      evidence: { input: 1, count: 2, of: 4 },
      message: 'Input 1 holds NaN or Infinity in 2 of 4 values.',
      remedy: SENTENCE,
    },
    expect.objectContaining({ evidence: { input: 3, count: 1, of: 3 } }),
  ]);
  expect(await dataFindings(tensors.slice(3), 'label')).toMatchObject([
    { kind: 'non-finite label', evidence: { label: 0 }, message: 'Label 0 holds NaN or Infinity in 1 of 3 values.' },
  ]);
  expect(tf.memory().numTensors).toBe(count);
});

import type { Evidence, UnitActivity } from '../../../src/inspect/diagnose/evidence.js';
import { stateFindings } from '../../../src/inspect/diagnose/state-findings.js';
import { DEFAULT_THRESHOLDS } from '../../../src/inspect/diagnose/thresholds.js';
import { evidenceOf, gateWith, PLACE } from '../support/evidence.js';

const findingsOf = (
  activity: Partial<UnitActivity>,
  thresholds: object = {},
  statistics: object = {},
  others: Partial<Omit<Evidence, 'activity'>> = {},
) => stateFindings(evidenceOf(statistics, { activity, ...others }), { ...DEFAULT_THRESHOLDS, ...thresholds });
const SENTENCE = expect.stringMatching(/^[A-Z].*\.$/);

test('A saturated candidate, a saturated cell state and a constant unit are found, with what was measured', () => {
  const findings = findingsOf({
    candidateSize: [0.99, 0.5, 0.98, null],
    cellStateSize: [2.5, 3.5, null, 1],
    rangeOfH: [0.2, 0.0005, 0, 0.00025],
  });
  const stringFrom = (start: string, end: string) =>
    expect.stringMatching(new RegExp(`^${start}\\w.* \\(${end}\\)\\.$`));
  expect(findings).toEqual([
    {
      kind: 'candidate saturated',
      severity: 'warning',
      ...PLACE,
      gate: 'g',
      units: [0, 2],
      timestep: null,
      evidence: { 'mean |g|': 0.985, 'share of units': 0.5 },
      message: stringFrom('In 2 of 4 units: 0, 2 the candidate ', 'mean \\|g\\| 0\\.985'),
      remedy: SENTENCE,
    },
    {
      kind: 'cell state saturated',
      severity: 'note',
      ...PLACE,
      gate: 'c',
      units: [1],
      timestep: null,
      evidence: { 'mean |c|': 3.5, 'share of units': 0.25 },
      message: stringFrom('In unit 1 the cell state ', 'mean \\|c\\| 3\\.5'),
      remedy: SENTENCE,
    },
    {
      kind: 'constant unit',
      severity: 'warning',
      ...PLACE,
      gate: 'h',
      units: [1, 2, 3],
      timestep: null,
      evidence: { 'range of h': 0.00025, 'share of units': 0.75 },
      message: stringFrom('In 3 of 4 units: 1-3 the output ', 'range of h 0\\.00025'),
      remedy: SENTENCE,
    },
  ]);
});

test('Of a single step it is not said that nothing varies', () => {
  const kindsOf = (validSteps: number) =>
    findingsOf({ rangeOfH: [0, 0, 0, 0] }, {}, { validSteps }).map(({ kind }) => kind);
  expect([1, 2].map(kindsOf)).toEqual([[], ['constant unit']]);
});

test('Nothing is found at the thresholds themselves', () => {
  expect(
    findingsOf({ candidateSize: [0.97, 0, 0, 0], cellStateSize: [3, 0, 0, 0], rangeOfH: [0.001, 1, 1, 1] }),
  ).toEqual([]);
});

test.each([
  ...(['tanh', 'sigmoid', 'hardSigmoid', 'hardSigmoidKeras3', 'softsign'] as const).map((name) => [name, 2] as const),
  ...(['linear', 'relu', 'elu', 'softplus'] as const).map((name) => [name, 0] as const),
])('A candidate and a cell state of %s are saturated only if that ends at 1', (activation, count) => {
  const large = { candidateSize: [9, 9, 9, 9], cellStateSize: [9, 9, 9, 9] };
  expect(findingsOf(large, {}, { activation })).toHaveLength(count);
});

test('A unit that is constant for want of an open gate is told as that only', () => {
  const closed = gateWith({ leftSaturated: [1, 1, 0, 0] });
  const rangeOfH = [0, 0, 0, 0];
  expect(findingsOf({ rangeOfH }, {}, { o: closed })).toMatchObject([{ kind: 'constant unit', units: [2, 3] }]);
  expect(findingsOf({ rangeOfH }, {}, { i: closed })).toMatchObject([{ kind: 'constant unit', units: [2, 3] }]);
  expect(findingsOf({ rangeOfH }, {}, { f: closed })).toMatchObject([{ kind: 'constant unit', units: [0, 1, 2, 3] }]);
});

test('What the model has learnt in spite of is a note in however many units', () => {
  const large = { candidateSize: [1, 1, 1, 1] };
  const severityWith = (learnt: boolean | null) => findingsOf(large, {}, {}, { learnt })[0]?.severity;
  expect([true, false, null].map(severityWith)).toEqual(['note', 'warning', 'warning']);
});

test('Inputs are said to be unscaled where they are large and drive the gates to their ends', () => {
  const atEnds = gateWith({ leftSaturated: [0.5, 0.4, 0.5, 0.4], rightSaturated: [0.4, 0.4, 0.4, 0.4] });
  const ends = { i: atEnds, f: atEnds };
  const found = (inputSize: number | null, statistics: object, others: object = {}) =>
    findingsOf({}, {}, statistics, { inputSize, ...others });
  expect(found(57.3, ends)).toEqual([
    {
      kind: 'unscaled input',
      severity: 'warning',
      ...PLACE,
      gate: null,
      units: [],
      timestep: null,
      evidence: { 'typical size of the input': 57.3, 'share of saturated gates': 0.85 },
      message:
        "The layer's input has a typical size of 57.3, and 85% of its gates' values are saturated: the gates switch rather than weigh.",
      remedy: SENTENCE,
    },
  ]);
  expect(found(57.3, ends, { learnt: true })[0]?.severity).toBe('note');
  expect(found(5, ends)).toEqual([]);
  expect(found(null, ends)).toEqual([]);
  expect(found(57.3, { i: atEnds })).toEqual([]);
  const half = [0.35, 0.35, 0.35, 0.35];
  const atLimit = gateWith({ leftSaturated: half, rightSaturated: half });
  expect(found(57.3, { i: atLimit, f: atLimit })).toEqual([]);
});

test('Scaling the inputs is advised only where they are not of about unit size, as one-hot ones are', () => {
  const large = { candidateSize: [1, 1, 1, 1] };
  const remedyFor = (inputSize: number | null) => findingsOf(large, {}, {}, { inputSize })[0]?.remedy;
  expect(remedyFor(12.345)).toMatch(/^Scale the inputs, whose typical size is 12\.3, /);
  expect(remedyFor(2.5)).toMatch(/^Scale the inputs, whose typical size is 2\.5, /);
  for (const size of [0.3, 1, 2, null]) expect(remedyFor(size)).not.toMatch(/inputs/);
});

const withHorizons = (memoryHorizon: (number | null)[], others: Partial<Omit<Evidence, 'activity'>> = {}) =>
  findingsOf({}, {}, { memoryHorizon }, others);

test('Memory is short where the median horizon is below the share of the timesteps', () => {
  expect(withHorizons([1.234567, 2.5, 1.5, 9])).toEqual([
    {
      kind: 'short memory',
      severity: 'note',
      ...PLACE,
      gate: 'f',
      units: [0, 2],
      timestep: null,
      evidence: { 'median horizon in timesteps': 1.5, timesteps: 20 },
      message: expect.stringMatching(/ after 1\.5 timesteps or fewer; the sequences have 20\.$/),
      remedy: SENTENCE,
    },
  ]);
  expect(withHorizons([1.234567, 2.5, 2.2, 9])).toEqual([]);
  expect(withHorizons([1.5, 2.5, 2, 9])).toEqual([]);
  expect(withHorizons([1.5, 1.25, 2, 9])[0]?.units).toEqual([0, 1]);
  expect(withHorizons([1.5, 1.2345678, 3, 2.5, 1.6])[0]?.evidence).toMatchObject({
    'median horizon in timesteps': 1.6,
  });
});

test('A unit without a horizon never forgets', () => {
  expect(withHorizons([null, null, null, null])).toEqual([]);
  expect(withHorizons([null, 1, null, null])).toEqual([]);
  expect(withHorizons([null, 0, null, 1])[0]).toMatchObject({ units: [1, 3] });
});

test('A short memory is a warning only of a model that has been seen not to learn', () => {
  const severityWith = (learnt: boolean | null) => withHorizons([1, 1, 1, 1], { learnt })[0]?.severity;
  expect([true, false, null].map(severityWith)).toEqual(['note', 'warning', 'note']);
});

test('A forget bias of 1 is not advised to a layer that has it', () => {
  const remedyWith = (forgetBias: number | null) => withHorizons([1, 1, 1, 1], { forgetBias })[0]?.remedy;
  for (const bias of [null, 0, -2, 0.7]) expect(remedyWith(bias)).toContain('start with a forget bias of 1');
  for (const bias of [0.9, 1, 3])
    expect(remedyWith(bias)).toMatch(/: the forget bias is already about 1 or more: .*\.$/);
});

test('What follows is told in words, and what to try', () => {
  const readings = findingsOf(
    { candidateSize: [1, 1, 1, 1], cellStateSize: [4, 4, 4, 4], rangeOfH: [0, 0, 0, 0] },
    {},
    { memoryHorizon: [1, 1, 1, 1] },
  ).map(({ message, remedy }) => [message, remedy]);
  expect(readings).toEqual([
    [
      'In all 4 units the candidate is at its limit, where hardly any gradient passes (mean |g| 1).',
      'Try a lower learning rate, or smaller initial weights.',
    ],
    [
      'In all 4 units the cell state is so large that h hardly changes with it (mean |c| 4).',
      'Check whether the forget and input gates are both open; shorten sequences, reset states, or regularize the bias.',
    ],
    [
      'In all 4 units the output is the same whatever the input (range of h 0).',
      'Check whether the weights of these units are about 0; otherwise the layer may be larger than it needs to be.',
    ],
    [
      'Half of the units have forgotten most of what they saw after 1 timestep or fewer; the sequences have 20.',
      'Only if the model needs to look further back: start with a forget bias of 1 (unitForgetBias, KERAS_DEFAULTS), or of ln(T) to keep something over T timesteps.',
    ],
  ]);
});

test('Of a memory that is shorter than a step it is said that it is', () => {
  expect(withHorizons([0, 0.4, 0.9, 30])[0]?.message).toBe(
    'Half of the units forget most of what they saw within a step; the sequences have 20.',
  );
});

test('A cell state beside a normalizer is not said to be saturated, as h depends on both', () => {
  const large = { cellStateSize: [9, 9, 9, 9] };
  const normalized = { nonFinite: { c: { count: 0, firstTimestep: null }, n: { count: 0, firstTimestep: null } } };
  expect(findingsOf(large)).toHaveLength(1);
  expect(findingsOf(large, {}, normalized)).toEqual([]);
});

test('Where h is a projection, a constant one is told whatever gates are closed', () => {
  const closed = gateWith({ leftSaturated: [1, 1, 1, 1] });
  expect(findingsOf({ rangeOfH: [0, 1] }, {}, { o: closed })).toMatchObject([{ kind: 'constant unit', units: [0] }]);
});

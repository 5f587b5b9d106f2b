import { stateFindings } from '../../../src/inspect/diagnose/state-findings.js';
import { DEFAULT_THRESHOLDS } from '../../../src/inspect/diagnose/thresholds.js';
import type { UnitActivity } from '../../../src/inspect/diagnose/unit-activity.js';
import { evidenceOf, PLACE } from '../support/evidence.js';

const findingsOf = (activity: Partial<UnitActivity>, thresholds: object = {}, statistics: object = {}) =>
  stateFindings(evidenceOf(statistics, { activity }), { ...DEFAULT_THRESHOLDS, ...thresholds });
const SENTENCE = expect.stringMatching(/^[A-Z].*\.$/);

test('A saturated candidate, a saturated cell state and a constant unit are found, with what was measured', () => {
  const findings = findingsOf({
    candidateSize: [0.99, 0.5, 0.98, null],
    cellStateSize: [2.5, 3.5, null, 1],
    range: [0.2, 0.0005, 0, 0.00025],
  });
  const stringFrom = (start: string, end: string) =>
    expect.stringMatching(new RegExp(`^${start}\\w.* \\(${end}\\)\\.$`));
  expect(findings).toEqual([
    {
      ...{ kind: 'candidate saturated', severity: 'warning', ...PLACE, gate: 'g', units: [0, 2] },
      evidence: { 'mean |g|': 0.985, 'share of units': 0.5 },
      message: stringFrom('In 2 of 4 units: 0, 2 the candidate ', 'mean \\|g\\| 0\\.985'),
      remedy: SENTENCE,
    },
    {
      ...{ kind: 'cell state saturated', severity: 'note', ...PLACE, gate: 'c', units: [1] },
      evidence: { 'mean |c|': 3.5, 'share of units': 0.25 },
      message: stringFrom('In unit 1 the cell state ', 'mean \\|c\\| 3\\.5'),
      remedy: SENTENCE,
    },
    {
      ...{ kind: 'constant unit', severity: 'warning', ...PLACE, gate: 'h', units: [1, 2, 3] },
      evidence: { 'range of h': 0.00025, 'share of units': 0.75 },
      message: stringFrom('In 3 of 4 units: 1-3 the output ', 'range of h 0\\.00025'),
      remedy: SENTENCE,
    },
  ]);
});

test('Nothing is found at the thresholds themselves', () => {
  expect(findingsOf({ candidateSize: [0.97, 0, 0, 0], cellStateSize: [3, 0, 0, 0], range: [0.001, 1, 1, 1] })).toEqual(
    [],
  );
});

test.each([
  ...(['tanh', 'sigmoid', 'hardSigmoid', 'hardSigmoidKeras3', 'softsign'] as const).map((name) => [name, 2] as const),
  ...(['linear', 'relu', 'elu', 'softplus'] as const).map((name) => [name, 0] as const),
])('A candidate and a cell state of %s are saturated only if that ends at 1', (activation, count) => {
  const large = { candidateSize: [9, 9, 9, 9], cellStateSize: [9, 9, 9, 9] };
  expect(findingsOf(large, {}, { activation })).toHaveLength(count);
});

/** The mean forget gate with which a cell keeps 1/e of its content after so many timesteps. */
const lasting = (timesteps: number) => Math.exp(-1 / timesteps);

test('Memory is short where half of the units keep less than 1/e over the share of the timesteps', () => {
  const [finding, ...others] = findingsOf({ forgetGate: [1.234567, 2.5, 1.5, 9].map(lasting) });
  expect(others).toEqual([]);
  expect(finding).toEqual({
    ...{ kind: 'short memory', severity: 'warning', ...PLACE, gate: 'f', units: [0, 2] },
    evidence: { 'median horizon in timesteps': 1.5, timesteps: 20 },
    message: expect.stringMatching(/ after 1\.5 timesteps or less, where sequences have 20\.$/),
    remedy: SENTENCE,
  });
  expect(findingsOf({ forgetGate: [1.234567, 2.5, 2.2, 9].map(lasting) })).toEqual([]);
  expect(findingsOf({ forgetGate: [1.5, 1.2345678, 3, 2.5, 1.6].map(lasting) })[0]?.evidence).toEqual({
    ...{ 'median horizon in timesteps': 1.6, timesteps: 20 },
  });
  expect(findingsOf({ forgetGate: [lasting(1.2345678), 1, 1] })).toEqual([]);
  expect(findingsOf({ forgetGate: [lasting(1.2345678)] })[0]?.evidence).toMatchObject({
    'median horizon in timesteps': 1.235,
  });
});

test('A forget gate that is always open makes a memory that is never short, and an unknown one counts for nothing', () => {
  expect(findingsOf({ forgetGate: [1, 1, 1, 1] })).toEqual([]);
  expect(findingsOf({ forgetGate: [1.5, 1, 1, lasting(1)] })).toEqual([]);
  expect(findingsOf({ forgetGate: [null, null, null, null] })).toEqual([]);
  expect(findingsOf({ forgetGate: [null, lasting(9), null, lasting(9)] })).toEqual([]);
  expect(findingsOf({ forgetGate: [null, 0, null, lasting(1)] })[0]).toMatchObject({ units: [1, 3] });
});

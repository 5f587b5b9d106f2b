import type { Finding } from '../../../src/inspect/diagnose/finding.js';
import { gateFindings } from '../../../src/inspect/diagnose/gate-findings.js';
import { DEFAULT_THRESHOLDS } from '../../../src/inspect/diagnose/thresholds.js';
import { evidenceOf, gateWith, PLACE } from '../support/evidence.js';

const TITLES = { i: 'input gate', f: 'forget gate', o: 'output gate' };
const findingsOf = (statistics: object, thresholds: object = {}) =>
  gateFindings(evidenceOf(statistics), { ...DEFAULT_THRESHOLDS, ...thresholds });

describe.each(['i', 'f', 'o'] as const)('Of gate %s, it is found', (gate) => {
  test('that it is closed: how often, in which units, what it means and what to try', () => {
    const findings = findingsOf({ [gate]: gateWith({ leftSaturated: [0.2, 1, 0.95, 0] }) });
    expect(findings).toEqual([
      {
        kind: 'gate closed',
        severity: 'warning',
        ...PLACE,
        gate,
        units: [1, 2],
        timestep: null,
        evidence: { 'fraction of steps': 0.975, 'share of units': 0.5 },
        message: expect.stringMatching(
          new RegExp(`^The ${TITLES[gate]} is below 0\\.1 at 98% of the steps in 2 of 4 units: 1-2: \\w.*\\.$`),
        ),
        remedy: expect.stringMatching(/^[A-Z].*\.$/),
      },
    ]);
  });

  test('that it is open, which is a note in however many units', () => {
    const findings = findingsOf({ [gate]: gateWith({ rightSaturated: [1, 1, 0.92, 1] }) });
    expect(findings).toEqual([
      {
        kind: 'gate open',
        severity: 'note',
        ...PLACE,
        gate,
        units: [0, 1, 2, 3],
        timestep: null,
        evidence: { 'fraction of steps': 0.98, 'share of units': 1 },
        message: expect.stringMatching(
          new RegExp(`^The ${TITLES[gate]} is above 0\\.9 at 98% of the steps in all 4 units: \\w.*\\.$`),
        ),
        remedy: expect.stringMatching(/^[A-Z].*\.$/),
      },
    ]);
  });

  test('that it passes no gradient', () => {
    const findings = findingsOf({ [gate]: gateWith({ zeroGradient: [0, 0.3, 0, 0.99] }) });
    expect(findings).toEqual([
      {
        kind: 'no gradient',
        severity: 'note',
        ...PLACE,
        gate,
        units: [3],
        timestep: null,
        evidence: { 'fraction of steps': 0.99, 'share of units': 0.25 },
        message: expect.stringMatching(
          new RegExp(`^The ${TITLES[gate]} is exactly 0 or 1 at 99% of the steps in unit 3: \\w.*\\.$`),
        ),
        remedy: expect.stringMatching(/^[A-Z].*\.$/),
      },
    ]);
  });
});

test('What a closed gate means differs from gate to gate, and from an open one and one without gradient', () => {
  const all = [1, 1, 1, 1];
  const stuck = gateWith({ leftSaturated: [1, 1, 1, 0], rightSaturated: all, zeroGradient: [0, 0, 0, 1] });
  const findings = findingsOf({ i: stuck, f: stuck, o: stuck });
  const meanings = findings.map(({ message }: Finding) => message.split(': ').at(-1));
  expect(new Set(meanings).size).toBe(7);
  expect(meanings.join()).not.toContain('undefined');
  expect(new Set(findings.map(({ remedy }) => remedy)).size).toBe(7);
});

test('A gate is stuck above the fraction, and units are many above their share; at it they are not', () => {
  const i = gateWith({ leftSaturated: [0.8, 0.81, null, null] });
  const [finding, ...others] = findingsOf({ i }, { stuckFraction: 0.8, manyUnits: 0.25 });
  expect(finding).toMatchObject({ units: [1], severity: 'note' });
  expect(others).toEqual([]);
  expect(findingsOf({ i }, { stuckFraction: 0.8, manyUnits: 0.2 })[0]).toMatchObject({ severity: 'warning' });
});

test('A closed gate is told with what was measured to follow from it', () => {
  const closed = gateWith({ leftSaturated: [1, 1, 0, 0] });
  const activity = { rangeOfC: [0.02, 0.04, 2, 2], rangeOfH: [0.01, 0.03, 1, 1], forgetGate: [0.02, 0.04, 0.9, 0.9] };
  const messages = gateFindings(evidenceOf({ i: closed, f: closed, o: closed }, { activity }), DEFAULT_THRESHOLDS).map(
    ({ message }) => message,
  );
  expect(messages).toEqual([
    expect.stringMatching(/which varies by only 0\.03\.$/),
    expect.stringMatching(/from one step to the next they keep 3% of the cell state\.$/),
    expect.stringMatching(/and h varies by only 0\.02\.$/),
  ]);
});

test('A gate that passes no gradient is not told as closed or open as well', () => {
  const o = gateWith({ leftSaturated: [1, 1, 0, 0], rightSaturated: [0, 0, 1, 1], zeroGradient: [1, 0, 1, 0] });
  expect(findingsOf({ o }).map(({ kind, units }) => [kind, units])).toEqual([
    ['no gradient', [0, 2]],
    ['gate closed', [1]],
    ['gate open', [3]],
  ]);
});

test('What a model has learnt in spite of is a note', () => {
  const i = gateWith({ leftSaturated: [1, 1, 1, 1] });
  const severities = [true, false, null].map(
    (learnt) => gateFindings(evidenceOf({ i }, { learnt }), DEFAULT_THRESHOLDS)[0]?.severity,
  );
  expect(severities).toEqual(['note', 'warning', 'warning']);
});

describe('What follows is told in words, and what to try', () => {
  const stuck = gateWith({ leftSaturated: [1, 1, 0, 0], rightSaturated: [0, 0, 1, 0], zeroGradient: [0, 0, 0, 1] });
  const readingsOf = (gate: string, others: object = {}) =>
    gateFindings(evidenceOf({ [gate]: stuck }, others), DEFAULT_THRESHOLDS)
      .filter((finding) => finding.gate === gate)
      .map(({ message, remedy }) => [message.replace(/^.*units?(: 0-1| \d): /, ''), remedy]);
  const FLAT = [
    'the hard sigmoid is flat there, and no gradient can move them back.',
    "Use recurrentActivation 'sigmoid' (KERAS_DEFAULTS), or a lower learning rate.",
  ];
  const DRIVEN =
    'Try a lower learning rate or gradient clipping; regularize the bias if training has driven it far below 0.';
  const BIAS =
    'Start with a forget bias of 1 (unitForgetBias, KERAS_DEFAULTS), or of ln(T) to keep something over T timesteps.';

  test.each([
    [
      'i',
      [
        'little is written to the cell state, which varies by only 0.5.',
        'Check whether training has driven the bias far below 0; if so, try a lower learning rate, or regularize the bias.',
      ],
      [
        'every candidate is written almost in full.',
        'Harmless in itself; if the forget gate is open too, the cell state can only grow.',
      ],
    ],
    [
      'f',
      ['from one step to the next they keep 90% of the cell state.', BIAS],
      [
        'they keep almost all of the cell state, as counters do.',
        'Long memories need this. If the sequences are unrelated, make sure that the layer is not stateful.',
      ],
    ],
    [
      'o',
      ['little of the cell state is shown, and h varies by only 0.5.', DRIVEN],
      ['the cell state is always shown in full.', 'Harmless in itself.'],
    ],
    ['z', ['they let almost nothing through.', DRIVEN], ['they let almost everything through.', 'Harmless in itself.']],
  ])('of gate %s', (gate, closed, open) => {
    expect(readingsOf(gate)).toEqual([FLAT, closed, open]);
  });

  test('of a cell without a cell state, or whose h is of another width, as far as it is known', () => {
    const without = { activity: { rangeOfC: [] } };
    expect(readingsOf('i', without)[1]?.[0]).toBe('little is written to the state.');
    expect(readingsOf('f', without)[1]?.[0]).toBe('from one step to the next they keep 90% of the state.');
    expect(readingsOf('o', { activity: { rangeOfH: [1, 1] } })[1]?.[0]).toBe('little of the cell state is shown.');
  });

  test('of a closed forget gate, depending on the bias that it has', () => {
    const remedyFor = (forgetBias: number | null) => readingsOf('f', { forgetBias })[1]?.[1];
    for (const bias of [null, -1, 0.7]) expect(remedyFor(bias)).toBe(BIAS);
    expect(remedyFor(0.71)).toBe(
      'The forget bias is already about 1 or more: check what drives the gates down, such as large inputs or weights, or start from a still larger bias (chronoInitializer).',
    );
  });
});

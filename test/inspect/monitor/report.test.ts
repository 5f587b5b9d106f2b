import { type Measured, measuredFindings, monitoredLayer } from '../../../src/inspect/monitor/report.js';
import { DEFAULT_MONITOR_THRESHOLDS } from '../../../src/inspect/monitor/thresholds.js';
import { evidenceOf, gateWith, PLACE } from '../support/evidence.js';

const norms = (changes: object = {}) => ({ i: 1, f: 2, g: 3, o: 4, ...changes });
const measured = (changes: Partial<Measured> = {}): Measured => ({
  place: PLACE,
  gradients: null,
  weights: { kernel: norms(), recurrentKernel: norms({ i: 5 }), bias: norms({ o: 6 }) },
  evidence: null,
  earlier: [],
  reports: 9,
  ...changes,
});
const kindsOf = (changes: Partial<Measured>) =>
  measuredFindings(measured(changes), DEFAULT_MONITOR_THRESHOLDS).map(({ kind }) => kind);

test('What every network shows at first is told from the fourth report on, anything else at once', () => {
  const closed = gateWith({ leftSaturated: [1, 1, 1, 1] });
  const evidence = evidenceOf({ memoryHorizon: [1, 1, 1, 1], i: closed }, { learnt: false });
  expect(kindsOf({ evidence, reports: 2 })).toEqual(['gate closed']);
  expect(kindsOf({ evidence, reports: 3 })).toEqual(['gate closed', 'short memory']);
});

test('Notes are not told', () => {
  const open = gateWith({ rightSaturated: [1, 1, 1, 1] });
  expect(kindsOf({ evidence: evidenceOf({ f: open }) })).toEqual([]);
});

test('A layer is reported with its place and its norms, and what is not finite or not there as null', () => {
  const gradients = { kernel: norms({ f: Number.NaN }), recurrentKernel: norms({ o: Number.POSITIVE_INFINITY }) };
  expect(monitoredLayer(measured({ gradients: { ...gradients, bias: null } }), DEFAULT_MONITOR_THRESHOLDS)).toEqual({
    ...PLACE,
    gradientNorms: { kernel: norms({ f: null }), recurrentKernel: norms({ o: null }), bias: null },
    weightNorms: { kernel: norms(), recurrentKernel: norms({ i: 5 }), bias: norms({ o: 6 }) },
    gates: null,
    flow: null,
  });
  const seen = monitoredLayer(measured({ evidence: evidenceOf() }), DEFAULT_MONITOR_THRESHOLDS);
  expect([seen.gradientNorms, seen.gates?.medianMemoryHorizon, seen.flow]).toEqual([null, 9, null]);
});

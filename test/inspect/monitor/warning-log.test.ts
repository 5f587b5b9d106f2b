import type { Finding, MonitorWarning } from '../../../src/inspect/index.js';
import { addWarnings, warningText } from '../../../src/inspect/monitor/warning-log.js';

const AT = { epoch: 1, batch: 2, step: 7 };

function finding(changes: Partial<Finding> = {}): Finding {
  return {
    kind: 'gate closed',
    severity: 'warning',
    layerName: 'memory',
    direction: 'forward',
    cell: 0,
    gate: 'i',
    units: [1],
    timestep: null,
    evidence: {},
    message: 'It is closed.',
    remedy: 'Open it.',
    ...changes,
  } as Finding;
}

describe('The warnings of a monitor', () => {
  test('begin with the batch that they were first seen at', () => {
    const warnings: MonitorWarning[] = [];
    const fresh = addWarnings(warnings, [finding()], AT);
    expect(warnings).toEqual([{ ...finding(), ...AT, lastStep: 7, reports: 1 }]);
    expect(fresh).toEqual(warnings);
  });

  test('last for as long as they are seen, and count reports', () => {
    const warnings: MonitorWarning[] = [];
    addWarnings(warnings, [finding()], AT);
    expect(addWarnings(warnings, [finding({ units: [1, 2] }), finding()], { ...AT, step: 9 })).toEqual([]);
    expect(warnings).toEqual([expect.objectContaining({ step: 7, lastStep: 9, reports: 2, units: [1] })]);
  });

  test.each<Partial<Finding>>([
    { kind: 'gate open' },
    { gate: 'f' },
    { layerName: 'other' },
    { direction: 'backward' },
    { cell: 1 },
  ])('are told apart by %j', (changes) => {
    const warnings: MonitorWarning[] = [];
    addWarnings(warnings, [finding(), finding(changes)], AT);
    expect(warnings).toHaveLength(2);
  });

  test('read as a sentence with their place', () => {
    const [warning] = addWarnings([], [finding()], AT) as [MonitorWarning];
    expect(warningText(warning)).toBe(
      'gateMonitor, epoch 1, batch 2: memory, gate closed. It is closed. Try: Open it.',
    );
    expect(warningText({ ...warning, direction: 'backward', cell: 1 })).toMatch(
      /batch 2: memory \(backward, cell 1\), gate/,
    );
    expect(warningText({ ...warning, layerName: null })).toMatch(/batch 2: gate closed\./);
  });
});

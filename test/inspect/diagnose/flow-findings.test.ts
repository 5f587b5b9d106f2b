import { flowFindings } from '../../../src/inspect/diagnose/flow-findings.js';
import { DEFAULT_THRESHOLDS, type FlowStatistics } from '../../../src/inspect/index.js';

const PLACE = { layerName: 'memory', direction: 'forward', cell: 0 } as const;

/** A flow whose gradient is multiplied by these at each timestep. */
function flowOf(gain: (number | null)[], changes: Partial<FlowStatistics> = {}): FlowStatistics {
  const product = gain.reduce((all: number, one) => all * (one ?? 1), 1);
  const steps = gain.filter((one) => one !== null).length;
  return {
    ...{ units: 3, timesteps: gain.length, goBackwards: false, gain, sentence: 'gradient halves every 3.1 steps' },
    ...{ verdict: 'vanishing', slope: Math.log(product) / steps, forgetGateClosed: [0.95, 0.2, null] },
    ...{ shareThroughCell: [0.25, 0.5, null], nonFinite: { count: 0, firstTimestep: null } },
    fit: { first: 0, last: gain.length - 1, steps, rSquared: 1, attenuation: product, halfLife: 3.1 },
    ...changes,
  } as FlowStatistics;
}

const find = (statistics: FlowStatistics) => flowFindings(PLACE, statistics, DEFAULT_THRESHOLDS);
const timestepOf = (statistics: FlowStatistics) => find(statistics)[0]?.evidence['at timestep'];

describe('Findings of a gradient flow', () => {
  test('are none where it is healthy or where there is no gradient', () => {
    expect(find(flowOf([0.9, 0.9], { verdict: 'healthy' }))).toEqual([]);
    expect(find(flowOf([null], { verdict: null, fit: null, slope: null }))).toEqual([]);
  });

  test('tell a vanishing gradient with its units, evidence and remedy', () => {
    const [finding, ...others] = find(flowOf([0.05, 0.05, 0.05, 0.05]));
    expect(others).toEqual([]);
    expect(finding).toEqual({
      ...{ kind: 'vanishing gradient', severity: 'warning', ...PLACE, gate: 'f', units: [0] },
      evidence: {
        ...{ 'log-slope per step': -2.996, 'multiplied by': 0.00000625, 'over steps': 4 },
        ...{ 'half-life or doubling time': 3.1, 'share through the cell': 0.375, 'at timestep': 1 },
      },
      message:
        'Gradient halves every 3.1 steps. What happened at timestep 1 or was processed before it hardly changes the weights.',
      remedy: expect.stringContaining('chronoInitializer({ maxTimesteps: 4 })'),
    });
  });

  test('tell the timestep by the order of processing, and leave steps out that no gradient crosses', () => {
    expect(timestepOf(flowOf([1, 0.0001, 1, 1, null]))).toBe(1);
    expect(timestepOf(flowOf([1, 0.1, 0.1, 1, 0.01], { goBackwards: true }))).toBe(4);
    expect(timestepOf(flowOf([1, 0.01, 1, 0.01, 1], { goBackwards: true }))).toBe(3);
    // The fit may say so where the product does not.
    expect(timestepOf(flowOf([0.9, 0.9, null]))).toBe(0);
  });

  test('tell a gradient that does not pass a single step', () => {
    const [finding] = find(flowOf([null, 0], { fit: null, slope: null }));
    expect(finding).toMatchObject({ kind: 'vanishing gradient', evidence: { 'multiplied by': 0, 'at timestep': 1 } });
  });

  test('tell an exploding gradient and where it has grown tenfold', () => {
    const [finding] = find(flowOf([9, 9, 9, 9], { verdict: 'exploding' }));
    expect(finding).toMatchObject({ kind: 'exploding gradient', severity: 'warning', gate: null, units: [] });
    expect(finding?.evidence).toMatchObject({ 'multiplied by': 6561, 'at timestep': 2 });
    expect(finding?.message).toBe('Gradient halves every 3.1 steps. It has grown tenfold at timestep 2.');
    expect(finding?.remedy).toContain('clipGradients(optimizer, { globalNorm: 1 })');
  });

  test('tell gradients that are not finite before anything else', () => {
    const nonFinite = { count: 7, firstTimestep: 5 };
    expect(find(flowOf([2], { verdict: null, nonFinite }))).toEqual([
      expect.objectContaining({
        ...{ kind: 'non-finite gradient', severity: 'error', gate: null },
        evidence: { 'first timestep': 5, count: 7 },
      }),
    ]);
  });

  test('leave out the share through the cell where it is unknown, and a half-life that is endless', () => {
    const statistics = flowOf([0.5], { shareThroughCell: [null] });
    const fit = { ...(statistics.fit as NonNullable<FlowStatistics['fit']>), halfLife: null };
    const names = Object.keys(find({ ...statistics, fit })[0]?.evidence ?? {});
    expect(names).toEqual(['log-slope per step', 'multiplied by', 'over steps', 'at timestep']);
  });
});

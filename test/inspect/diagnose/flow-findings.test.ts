import { flowFindings } from '../../../src/inspect/diagnose/flow-findings.js';
import { DEFAULT_THRESHOLDS, type FlowStatistics } from '../../../src/inspect/index.js';
import { evidenceOf } from '../support/evidence.js';

const PLACE = { layerName: 'memory', direction: 'forward', cell: 0 } as const;

/** A flow whose gradient is multiplied by these at each timestep. */
function flowOf(gain: (number | null)[], changes: Partial<FlowStatistics> = {}): FlowStatistics {
  const product = gain.reduce((all: number, one) => all * (one ?? 1), 1);
  const steps = gain.filter((one) => one !== null).length;
  return {
    units: 3,
    timesteps: gain.length,
    goBackwards: false,
    gain,
    sentence: 'gradient halves every 3.1 steps',
    verdict: 'vanishing',
    slope: Math.log(product) / steps,
    forgetGateClosed: [0.95, 0.2, null],
    shareThroughCell: [0.25, 0.5, null],
    nonFinite: { count: 0, firstTimestep: null },
    validSteps: 12,
    toWeights: gain.map(() => 1),
    lossTerms: [1],
    retained: [1],
    fit: {
      first: 0,
      last: gain.length - 1,
      steps,
      rSquared: 1,
      attenuation: product,
      belowFloat32: false,
      halfLife: 3.1,
    },
    ...changes,
  } as FlowStatistics;
}

const find = (flow: FlowStatistics, learnt: boolean | null = false, forgetBias: number | null = 0) =>
  flowFindings(evidenceOf({}, { place: PLACE, flow, learnt, forgetBias }), DEFAULT_THRESHOLDS);
const SENTENCE = expect.stringMatching(/^[A-Z].*\.$/);
const timestepOf = (statistics: FlowStatistics) => find(statistics)[0]?.timestep;

describe('Findings of a gradient flow', () => {
  test('are none where it is healthy, where every step is masked, and without labels', () => {
    expect(find(flowOf([0.9, 0.9], { verdict: 'healthy' }))).toEqual([]);
    expect(find(flowOf([null], { verdict: null, fit: null, slope: null, validSteps: 0 }))).toEqual([]);
    expect(flowFindings(evidenceOf(), DEFAULT_THRESHOLDS)).toEqual([]);
  });

  const fading = { toWeights: [0.001, 0.002, 0.001, 1] };

  test('tell a vanishing gradient with what was measured, its units and a remedy', () => {
    const [finding, ...others] = find(flowOf([0.05, 0.05, 0.05, 0.05], fading));
    expect(others).toEqual([]);
    expect(finding).toEqual({
      kind: 'vanishing gradient',
      severity: 'warning',
      ...PLACE,
      gate: 'f',
      units: [0],
      timestep: 1,
      evidence: {
        'log-slope per step': -2.996,
        'multiplied by': 0.00000625,
        'over steps': 4,
        'half-life or doubling time': 3.1,
        'share through the cell': 0.375,
        "share of the weights' gradient": 0.003984,
      },
      message:
        'Gradient halves every 3.1 steps. Timesteps 0 to 2, of 4, together contribute 0.4% of the gradient of its weights: what happens there hardly changes them.',
      remedy: expect.stringContaining('chronoInitializer({ maxTimesteps: 4 })'),
    });
  });

  test('name the steps that hardly reach the weights by the order of processing, and leave out masked ones', () => {
    const backwards = { goBackwards: true, toWeights: [1, 0.001, null, 0.001] };
    expect(find(flowOf([0.05, 0.05, 0.05], backwards))[0]?.message).toContain('Timesteps 1 to 3, of 3, together');
  });

  test('claim nothing of the weights, or of forget gates, where neither is known of a cell', () => {
    const unknown = { toWeights: [null, null], forgetGateClosed: [null, null, null] };
    expect(find(flowOf([0.01, 0.01], unknown))[0]).toMatchObject({
      gate: null,
      units: [],
      message: 'Gradient halves every 3.1 steps.',
      remedy: 'Shorten the sequences, or choose a cell with a forget gate of its own, and open that.',
    });
  });

  test('call a vanishing gradient a warning only where it keeps the model from learning, as far as can be seen', () => {
    const flow = flowOf([0.05, 0.05, 0.05, 0.05], fading);
    expect([true, false, null].map((learnt) => find(flow, learnt)[0]?.severity)).toEqual(['note', 'warning', 'note']);
    expect(find(flow, true)[0]?.remedy).toMatch(/^The model has learnt nevertheless\./);
    const few = flowOf([0.05, 0.05, 0.05, 0.05], { toWeights: [0.001, 1, 1, 1] });
    expect(find(few)[0]).toMatchObject({
      severity: 'note',
      message: expect.stringMatching(/The weights still learn/),
    });
    const half = flowOf([0.05, 0.05, 0.05, 0.05], { toWeights: [0.001, 0.002, 1, 1] });
    expect(find(half)[0]).toMatchObject({
      severity: 'warning',
      message: expect.stringMatching(/Timesteps 0 to 1, of 4, together/),
    });
  });

  test('hold what lies exactly at a threshold to be on its better side', () => {
    // Of a gradient of 200, the first two steps make up the hundredth part of which less must be left.
    const atHundredth = flowOf([0.05, 0.05, 0.05, 0.05], { toWeights: [1, 1, 98, 100] });
    expect(find(atHundredth)[0]).toMatchObject({
      severity: 'note',
      evidence: { "share of the weights' gradient": 0.005 },
    });
    expect(find(flowOf([0.05, 0.05], { forgetGateClosed: [0.95, 0.9, 0.91] }))[0]?.units).toEqual([0, 2]);
    expect(timestepOf(flowOf([0.5, 0.001]))).toBe(0);
    expect(timestepOf(flowOf([2, 2, 10], { verdict: 'exploding' }))).toBe(1);
    expect(find(flowOf([0.05, 0.05]), false, 0.7)[0]?.remedy).toContain('Start with a forget bias of 1');
  });

  test('say of a loss at every step what its terms teach, and not that early steps do not reach the weights', () => {
    const everyStep = { lossTerms: [1, 1, 1, 1], retained: [0.000125, 0.0025, 0.05, 1] };
    const [finding] = find(flowOf([0.05, 0.05, 0.05, 0.05], everyStep));
    expect(finding?.severity).toBe('note');
    expect(finding?.message).toBe(
      'Gradient halves every 3.1 steps. The weights learn from every part of the sequence, but each loss term teaches them only about the 2 steps before it.',
    );
    const messageFor = (changes: Partial<FlowStatistics>) => find(flowOf([0.05, 0.05, 0.05], changes))[0]?.message;
    // What is left after two steps is as much as must be left; before them there is nothing to follow.
    const twoTerms = { lossTerms: [null, 1, 2], retained: [null, 0.001, 0.05, 1] };
    expect(messageFor(twoTerms)).toMatch(/each loss term teaches them only about the 2 steps before it\.$/);
    expect(messageFor({ ...twoTerms, retained: [null, 0.0009, 1] })).toMatch(/about the 1 step before it\.$/);
    expect(messageFor({ ...twoTerms, lossTerms: [null, null, 2] })).toMatch(
      / The weights still learn from every part of the sequence\.$/,
    );
  });

  test('do not advise a forget bias of 1 to a layer that has it', () => {
    const flow = flowOf([0.05, 0.05], fading);
    expect(find(flow, false, 0)[0]?.remedy).toContain('forget bias of 1');
    expect(find(flow, false, 1)[0]?.remedy).toMatch(
      /^chronoInitializer\(\{ maxTimesteps: 2 \}\) opens forget gates further than a bias of 1; .*\.$/,
    );
  });

  test('give a bound where the gradient has fallen below what float32 can hold', () => {
    const flow = flowOf([0.05, 0.05], fading);
    const fit = { ...(flow.fit as NonNullable<FlowStatistics['fit']>), belowFloat32: true };
    const evidence = find({ ...flow, fit })[0]?.evidence ?? {};
    expect(evidence).toMatchObject({ 'multiplied by less than': 0.0025 });
    expect(evidence).not.toHaveProperty('multiplied by');
  });

  test('tell a layer that no gradient reaches, gravely unless the model has learnt', () => {
    const flow = flowOf([null], {
      verdict: null,
      fit: null,
      slope: null,
      loss: 0.5,
      sentence: 'no gradient: so it is',
    });
    const severities = [true, false, null].map((learnt) => find(flow, learnt)[0]?.severity);
    expect(severities).toEqual(['note', 'warning', 'warning']);
    expect(find(flow)[0]).toMatchObject({
      kind: 'no weight gradient',
      evidence: { loss: 0.5 },
      message: 'No gradient: so it is.',
      remedy: SENTENCE,
    });
    expect(find({ ...flow, loss: null })[0]?.evidence).toEqual({ loss: 'not finite' });
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
    expect(finding).toMatchObject({ kind: 'vanishing gradient', evidence: { 'multiplied by': 0 }, timestep: 1 });
  });

  test('tell an exploding gradient and where it has grown tenfold', () => {
    const [finding] = find(flowOf([9, 9, 9, 9], { verdict: 'exploding' }));
    expect(finding).toMatchObject({ kind: 'exploding gradient', severity: 'warning', gate: null, units: [] });
    expect(finding?.evidence).toMatchObject({ 'multiplied by': 6561 });
    expect(finding?.timestep).toBe(2);
    expect(finding?.message).toBe('Gradient halves every 3.1 steps. It has grown tenfold by timestep 2.');
    expect(finding?.remedy).toMatch(/^Clip gradients: clipGradients\(optimizer, \{ globalNorm: 1 \}\); .*\.$/);
    const [little] = find(flowOf([2, 1.5], { verdict: 'exploding' }));
    expect(little).toMatchObject({ timestep: 0, message: 'Gradient halves every 3.1 steps.' });
    const severities = [true, false, null].map((learnt) => find(flowOf([9, 9], { verdict: 'exploding' }), learnt));
    expect(severities.map(([one]) => one?.severity)).toEqual(['note', 'warning', 'warning']);
  });

  test('tell gradients that are not finite before anything else', () => {
    const nonFinite = { count: 7, firstTimestep: 5 };
    expect(find(flowOf([2], { verdict: null, nonFinite }))).toEqual([
      expect.objectContaining({
        kind: 'non-finite gradient',
        severity: 'error',
        gate: null,
        timestep: 5,
        evidence: { 'first timestep': 5, count: 7 },
        message: 'Gradient halves every 3.1 steps.',
        remedy: SENTENCE,
      }),
    ]);
  });

  test('leave out the share through the cell where it is unknown, and a half-life that is endless', () => {
    const statistics = flowOf([0.5], { shareThroughCell: [null], toWeights: [1] });
    const fit = { ...(statistics.fit as NonNullable<FlowStatistics['fit']>), halfLife: null };
    const names = Object.keys(find({ ...statistics, fit })[0]?.evidence ?? {});
    expect(names).toEqual(['log-slope per step', 'multiplied by', 'over steps']);
  });
});

import { flowSentence } from '../../../src/inspect/gradient/flow-sentence.js';
import type { FlowFit, FlowStatistics, FlowVerdict } from '../../../src/inspect/index.js';

const FIT: FlowFit = {
  first: 0,
  last: 71,
  steps: 72,
  rSquared: 0.98,
  attenuation: 1.02e-7,
  belowFloat32: false,
  halfLife: 3.096,
};

function sentenceOf(parts: Partial<FlowStatistics>, followed: 'last term' | 'all terms' = 'last term'): string {
  const usual = {
    validSteps: 10,
    nonFinite: { count: 0, firstTimestep: null },
    units: 4,
    forgetGateClosed: [0, 0, 0, 0],
    verdict: 'vanishing' as FlowVerdict,
    slope: -0.2239,
    fit: FIT,
    lossTerms: [null, 1],
    dh: [0, 0],
    dc: [0, 0],
  };
  return flowSentence({ ...usual, ...parts } as FlowStatistics, followed);
}

describe('The sentence of a flow', () => {
  const cases: [string, Partial<FlowStatistics>, string][] = [
    ['that vanishes tells how fast', {}, 'gradient halves every 3.1 steps, to 1e-7 of its size over 72 steps'],
    [
      'that vanishes names the unit that is closed the most, if it is so half of the time',
      { forgetGateClosed: [0.2, 0.55, 0.5, 0.1] },
      "gradient halves every 3.1 steps, to 1e-7 of its size over 72 steps; unit 1's forget gate is closed 55% of the time",
    ],
    [
      'names several units that are closed nearly all the time',
      { forgetGateClosed: [0.95, 0.2, 0.94, 0.91] },
      'gradient halves every 3.1 steps, to 1e-7 of its size over 72 steps; forget gates are closed more than 90% of the time in 3 of 4 units: 0, 2-3',
    ],
    [
      'that explodes tells how fast',
      { verdict: 'exploding', slope: 0.1, fit: { ...FIT, attenuation: 54321, halfLife: 6.93 } },
      'gradient doubles every 6.9 steps, to 54000 of its size over 72 steps',
    ],
    [
      'that is healthy tells what is left, and no gate that is closed half of the time',
      { verdict: 'healthy', fit: { ...FIT, attenuation: 0.4567 }, forgetGateClosed: [0.6, 0, 0, 0] },
      'gradient is multiplied by 0.46 over 72 steps',
    ],
    [
      'over one step is in the singular',
      { verdict: 'healthy', fit: { ...FIT, attenuation: 1, steps: 1 } },
      'gradient is multiplied by 1 over 1 step',
    ],
    [
      'that is healthy names a gate that is closed nearly all the time',
      { verdict: 'healthy', fit: { ...FIT, attenuation: 0.5 }, forgetGateClosed: [0, 0, 0.94, null] },
      "gradient is multiplied by 0.5 over 72 steps; unit 2's forget gate is closed 94% of the time",
    ],
    [
      'that is exactly 0 from a step on says so',
      { fit: { ...FIT, attenuation: 0, first: 5 } },
      'gradient halves every 3.1 steps, and is exactly 0 before timestep 5',
    ],
    [
      'that falls below what float32 can hold says so, and gives a bound',
      { fit: { ...FIT, attenuation: 7.5e-37, belowFloat32: true } },
      'gradient halves every 3.1 steps, to less than 7.5e-37 of its size over 72 steps, and is then below what float32 can hold',
    ],
    [
      'of a loss at several steps tells of the last term only, and says so',
      { lossTerms: [0.5, null, 0.5, 0.25] },
      'gradient of the last of 3 loss terms halves every 3.1 steps, to 1e-7 of its size over 72 steps',
    ],
    [
      'that reaches the layer smaller than float32 can hold says so',
      { verdict: null, fit: null, slope: null, dc: [0, 1e-42] },
      'the gradient that reaches this layer is below what float32 can hold',
    ],
    [
      'that dies at once says so',
      { fit: null, slope: null },
      'gradient does not survive a single step back: before that step it is exactly 0',
    ],
    [
      'without valid steps says so',
      { validSteps: 0, verdict: null },
      'every step is masked: there is nothing for a gradient to pass through',
    ],
    [
      'that is not finite says from where on',
      { verdict: null, nonFinite: { count: 3, firstTimestep: 4 } },
      'gradients are not finite from timestep 4 on, going back in time',
    ],
    [
      'without a gradient says so',
      { verdict: null, fit: null, slope: null },
      "no gradient: the loss does not depend on this layer's output",
    ],
  ];

  test.each(cases)('%s', (_, parts, sentence) => {
    expect(sentenceOf(parts)).toBe(sentence);
  });

  test('of a loss at several steps that is followed as a whole says so', () => {
    expect(sentenceOf({ lossTerms: [0.5, null, 0.5, 0.25] }, 'all terms')).toBe(
      'gradient of all 3 loss terms halves every 3.1 steps, to 1e-7 of its size over 72 steps',
    );
  });
});

import fc from 'fast-check';
import type { FlowValues } from '../../../src/inspect/gradient/flow-values.js';
import { lossTermNorms, lossTerms, significant, stepsWithLoss } from '../../../src/inspect/gradient/loss-terms.js';
import { StepsOfFlow } from '../../../src/inspect/gradient/steps-of-flow.js';

const [BATCH, TIMESTEPS, UNITS] = [2, 3, 2];
const SIZE = BATCH * TIMESTEPS * UNITS;

/** Values as a flow has them, in which the loss looks at h by `ofH` and at c by `ofC`. */
function flowOf(ofH: number[], ofC: number[], mask: number[] | null = null) {
  const some = (seed: number) => Array.from({ length: SIZE }, (_, n) => Math.sin(seed + 1.7 * n));
  const [dhRecurrent, dcCell, outputSlope] = [some(1), some(2), some(3)];
  const dh = ofH.map((term, n) => term + (dhRecurrent[n] as number));
  const isValid = (n: number) => mask === null || mask[Math.floor(n / UNITS)] !== 0;
  const dc = ofC.map(
    (term, n) => term + (dcCell[n] as number) + (isValid(n) ? (outputSlope[n] as number) * (dh[n] as number) : 0),
  );
  const [f32, facts] = [
    (values: number[]) => Float32Array.from(values),
    { batch: BATCH, timesteps: TIMESTEPS, units: UNITS, goBackwards: false, mask },
  ];
  const values = { ...facts, dh: f32(dh), dc: f32(dc), dhRecurrent: f32(dhRecurrent), dcCell: f32(dcCell) };
  const flow = { ...values, outputSlope: f32(outputSlope) } as unknown as FlowValues;
  return { flow, steps: new StepsOfFlow(facts) };
}

const zeros = () => new Array<number>(SIZE).fill(0);

test('What is left of a number without its parts is 0 where it may be rounding, and else all of it', () => {
  const number = fc.double({ min: -100, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 3 }), number, (parts, term) => {
      const whole = parts.reduce((sum, part) => sum + part, term);
      const size = Math.abs(whole) + parts.reduce((sum, part) => sum + Math.abs(part), 0);
      const left = significant(whole, parts, 1);
      if (Math.abs(term) > 1.01e-5 * size + 1e-9) expect(left).toBeCloseTo(term, 9);
      if (Math.abs(term) < 0.99e-5 * size - 1e-9) expect(left).toBe(0);
    }),
  );
  expect(significant(0, [], 5)).toBe(0);
  // Products of numbers below what float32 can hold may all be flushed to 0, and so many of them add up.
  const subnormal = 2 ** -126;
  expect([1, 4, 5].map((products) => significant(18 * subnormal, [], products) > 0)).toEqual([true, true, false]);
});

test('The terms of a loss are found beside what comes from later steps, of h and of c', () => {
  const ofH = zeros();
  const ofC = zeros();
  // Sample 0 at its last step; sample 1 at its first, and c of unit 1 at its last.
  Object.assign(ofH, { 4: 0.5, 6: -2, 7: 1.5 });
  Object.assign(ofC, { 11: 3 });
  const { flow, steps } = flowOf(ofH, ofC);
  const terms = lossTerms(flow, steps);
  const close = (values: Float64Array, expected: number[]) =>
    expect([...values]).toEqual(expected.map((value) => (value === 0 ? 0 : expect.closeTo(value, 5))));
  close(terms.ofH, ofH);
  close(terms.ofC, ofC);
  expect(stepsWithLoss(terms, flow, steps)).toEqual([[2], [2, 0]]);
  expect(lossTermNorms(terms, flow, steps)).toEqual([expect.closeTo(2.5, 5), null, expect.closeTo((0.5 + 3) / 2, 5)]);
});

test('At a masked step nothing of h is in c', () => {
  const mask = [1, 0, 1, 1, 1, 1];
  const { flow, steps } = flowOf(zeros(), zeros(), mask);
  expect([...lossTerms(flow, steps).ofC]).toEqual(zeros());
  const unmasked = new StepsOfFlow({ batch: BATCH, timesteps: TIMESTEPS, goBackwards: false, mask: null });
  const found = lossTerms(flow, unmasked).ofC;
  expect([...found.keys()].filter((n) => found[n] !== 0)).toEqual([2, 3]);
});

test('A term that is not finite has no size', () => {
  const { flow, steps } = flowOf(zeros(), zeros());
  const terms = { ofH: new Float64Array(SIZE), ofC: new Float64Array(SIZE) };
  terms.ofH[2] = Number.POSITIVE_INFINITY;
  terms.ofC[4] = 2;
  expect(lossTermNorms(terms, flow, steps)).toEqual([null, null, 2]);
});

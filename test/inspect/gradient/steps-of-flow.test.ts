import fc from 'fast-check';
import { finite, norm, StepsOfFlow } from '../../../src/inspect/gradient/steps-of-flow.js';

const MASK = [
  [1, 1, 0],
  [1, 0, 0],
];
const steps = (goBackwards: boolean, mask: number[][] | null = MASK) =>
  new StepsOfFlow({ batch: 2, timesteps: 3, goBackwards, mask: mask?.flat() ?? null });

test('Gradients go back from the step that was processed last', () => {
  expect(steps(false).backwards).toEqual([2, 1, 0]);
  expect(steps(true).backwards).toEqual([0, 1, 2]);
  expect([0, 1, 2].map((t) => steps(false).before(t))).toEqual([null, 0, 1]);
  expect([0, 1, 2].map((t) => steps(true).before(t))).toEqual([1, 2, null]);
});

test('A step is valid where the mask says so, and each is without one', () => {
  const valid = (mask: number[][] | null) =>
    [0, 1].map((n) => [0, 1, 2].map((t) => Number(steps(false, mask).isValid(n, t))));
  expect(valid(MASK)).toEqual(MASK);
  expect(valid(null)).toEqual([
    [1, 1, 1],
    [1, 1, 1],
  ]);
  expect([0, 1, 2].map((t) => steps(false).samplesAt(t))).toEqual([[0, 1], [0], []]);
});

test('Means are over the valid samples, and null for none or where one is not finite', () => {
  const numbers = [
    [1, 2, 3],
    [5, Number.NaN, Number.NaN],
  ];
  const means = [0, 1, 2].map((t) => steps(false).meanAt(t, (sample) => numbers[sample]?.[t] as number));
  expect(means).toEqual([3, 2, null]);
  expect(steps(false, null).meanAt(1, (sample) => numbers[sample]?.[1] as number)).toBeNull();
  expect([finite(0), finite(Number.NaN), finite(Number.NEGATIVE_INFINITY)]).toEqual([0, null, null]);
});

test('Norms are those of the stretches of a flat array, step by step', () => {
  const values = Array.from({ length: 2 * 3 * 2 }, (_, n) => n);
  const at = (sample: number, t: number) => Math.hypot(2 * (3 * sample + t), 2 * (3 * sample + t) + 1);
  expect(steps(false).offset(1, 2, 2)).toBe(10);
  expect(steps(false).norms(values, 2)).toEqual([
    expect.closeTo((at(0, 0) + at(1, 0)) / 2, 12),
    expect.closeTo(at(0, 1), 12),
    null,
  ]);
});

test('The norm of a stretch is that of what is in it, without what is around', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true })),
      fc.nat(5),
      fc.nat(5),
      (values, before, after) => {
        const padded = [...new Array(before).fill(3), ...values, ...new Array(after).fill(7)];
        expect(norm(padded, before, values.length)).toBeCloseTo(Math.hypot(...values), 6);
        expect(norm(values)).toBe(norm(padded, before, values.length));
      },
    ),
  );
  // The square of either is beyond float32.
  expect(norm([3e30, 4e30])).toBeCloseTo(5e30, -16);
  expect(norm([3e-30, 4e-30])).toBeCloseTo(5e-30, 40);
});

import { byQuantity } from '../../../src/core/quantities.js';
import { flowPoints, positiveOnly } from '../../../src/plot/rows/flow-points.js';
import type { Sample } from '../../../src/plot/rows/sample.js';
import { MOST_POINTS, timelinePoints } from '../../../src/plot/rows/timeline.js';

/** Two units; value of the second at step t is `g(t)`. */
function sampleOf(timesteps: number, g: (t: number) => number, isValid = (_: number) => true): Sample {
  const steps = Array.from({ length: timesteps }, (_, t) => t);
  return {
    sample: 0,
    timesteps,
    units: 2,
    unitIndices: [0, 1],
    valid: steps.map(isValid),
    values: { ...byQuantity(() => steps.flatMap(() => [9, 9])), g: steps.flatMap((t) => [9, g(t)]) },
    activation: 'tanh',
    recurrentActivation: 'sigmoid',
  };
}

test('A step is a point, where it is valid', () => {
  expect(
    timelinePoints(
      sampleOf(
        3,
        (t) => t - 1,
        (t) => t !== 1,
      ),
      'g',
      1,
    ),
  ).toEqual([
    { first: 0, last: 0, mean: -1, min: -1, max: -1 },
    { first: 1, last: 1, mean: null, min: null, max: null },
    { first: 2, last: 2, mean: 1, min: 1, max: 1 },
  ]);
});

test('More steps than can be told apart are means with their range, over valid steps', () => {
  const points = timelinePoints(
    sampleOf(
      2 * MOST_POINTS + 1,
      (t) => (t % 2 === 0 ? t : -t),
      (t) => t !== 0,
    ),
    'g',
    1,
  );
  expect(points).toHaveLength(MOST_POINTS);
  expect(points[0]).toEqual({ first: 0, last: 2, mean: 0.5, min: -1, max: 2 });
  expect(points[1]).toEqual({ first: 3, last: 4, mean: 0.5, min: -3, max: 4 });
});

test('A value that is not finite makes a point NaN', () => {
  const [first, second] = timelinePoints(
    sampleOf(2, (t) => (t === 0 ? Number.POSITIVE_INFINITY : 3)),
    'g',
    1,
  );
  expect(first).toEqual({ first: 0, last: 0, mean: Number.NaN, min: Number.NaN, max: Number.NaN });
  expect(second?.mean).toBe(3);
});

test('Gradients are means of what there is', () => {
  expect(flowPoints([1, null, 4])).toEqual([
    { first: 0, last: 0, value: 1 },
    { first: 1, last: 1, value: null },
    { first: 2, last: 2, value: 4 },
  ]);
  const values = Array.from({ length: 2 * MOST_POINTS }, (_, t) => (t === 2 || t === 3 || t === 5 ? null : t));
  expect(
    flowPoints(values)
      .slice(0, 3)
      .map(({ value }) => value),
  ).toEqual([0.5, null, 4]);
});

test('Only what is positive has a logarithm', () => {
  expect(positiveOnly([1, 0, -1, null, 1e-30])).toEqual([1, null, null, null, 1e-30]);
});

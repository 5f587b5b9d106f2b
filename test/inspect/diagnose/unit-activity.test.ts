import { byQuantity, type Quantity } from '../../../src/core/quantities.js';
import { unitActivity } from '../../../src/inspect/diagnose/evidence.js';

type Values = Partial<Record<Quantity, number[]>>;

/** A trace of one sample and two units, in which what is not given is 0. */
function traceOf(given: Values, mask: number[] | null = null) {
  const timesteps = Math.max(...Object.values(given).map((values) => values.length)) / 2;
  const sequences = byQuantity((quantity) => given[quantity] ?? new Array(2 * timesteps).fill(0));
  return { sequences, mask, batch: 1, timesteps };
}

test('The activity of a unit is its own, over all traces', () => {
  const traces = [
    traceOf({ h: [1, -3, 4, -2], f: [0.5, 0.25, 0.75, 0.5], g: [-1, 0.5, 0.5, -0.25], c: [-2, 6, 1, -1] }),
    traceOf({ h: [-2, 7], f: [1, 0], g: [0, 0], c: [3, -2] }),
  ];
  const activity = unitActivity(traces, 2);
  expect(activity.rangeOfH).toEqual([6, 10]);
  expect(activity.rangeOfC).toEqual([5, 8]);
  expect(activity.forgetGate).toEqual([0.75, 0.25]);
  expect(activity.candidateSize).toEqual([0.5, 0.25]);
  expect(activity.cellStateSize).toEqual([2, 3]);
});

test('Masked steps and values that are not finite do not count', () => {
  const h = [1, 2, 50, 60, 3, Number.NaN, Number.POSITIVE_INFINITY, 5];
  const c = [2, 2, 50, 60, 4, Number.NaN, Number.NEGATIVE_INFINITY, 4];
  const activity = unitActivity([traceOf({ h, c }, [1, 0, 1, 1])], 2);
  expect(activity.rangeOfH).toEqual([2, 3]);
  expect(activity.cellStateSize).toEqual([3, 3]);
});

test('A unit without a finite value has no activity, beside one that has', () => {
  const values = [Number.NaN, 1, Number.NaN, 3];
  const activity = unitActivity([traceOf({ h: values, f: values, g: values, c: values })], 2);
  expect(activity).toEqual({
    rangeOfH: [null, 2],
    rangeOfC: [null, 2],
    forgetGate: [null, 2],
    candidateSize: [null, 2],
    cellStateSize: [null, 2],
  });
});

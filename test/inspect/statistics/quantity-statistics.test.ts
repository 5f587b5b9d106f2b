import { QuantityStatistics } from '../../../src/inspect/statistics/quantity-statistics.js';

function seenBy(values: number[], mask: number[] | null) {
  const seen: [number, number][] = [];
  const statistics = new QuantityStatistics([{ add: (value, unit) => seen.push([value, unit]) }]);
  statistics.add(values, mask, [2, 2]);
  return { seen, ...statistics.summary.result(), nonFinite: statistics.nonFinite() };
}

const TWO_SAMPLES = [1, 2, 3, 4, 5, 6, 7, 8];

test('Every value is seen with its unit', () => {
  expect(seenBy([5, 6, 7, 8], null).seen).toEqual([
    [5, 0],
    [6, 1],
    [7, 0],
    [8, 1],
  ]);
});

test('Masked steps are not seen, sample by sample', () => {
  expect(seenBy(TWO_SAMPLES, [1, 0, 0, 1])).toMatchObject({
    seen: [
      [1, 0],
      [2, 1],
      [7, 0],
      [8, 1],
    ],
    mean: 4.5,
    max: 8,
  });
});

test('Values that are not finite are told with the earliest timestep, and shown to nobody', () => {
  const found = seenBy([1, 2, Number.NaN, 4, Number.POSITIVE_INFINITY, 6, 7, Number.NEGATIVE_INFINITY], null);
  expect(found.nonFinite).toEqual({ count: 3, firstTimestep: 0 });
  expect(found.seen.map(([value]) => value)).toEqual([1, 2, 4, 6, 7]);
  expect(found.mean).toBe(4);
});

test('A timestep is counted within its sample', () => {
  expect(seenBy([1, 2, 3, 4, 5, 6, 7, Number.NaN], null).nonFinite).toEqual({ count: 1, firstTimestep: 1 });
});

test('A masked value need not be finite', () => {
  expect(seenBy([1, 2, Number.NaN, 4], [1, 0]).nonFinite).toEqual({ count: 0, firstTimestep: null });
});

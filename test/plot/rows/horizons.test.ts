import {
  type HorizonBin,
  horizonBins,
  horizonDomain,
  horizonFraction,
  horizonTicks,
} from '../../../src/plot/rows/horizons.js';
import { saturationDots } from '../../../src/plot/rows/saturation.js';

/** Of 2, as four digits have it. */
const ROOT = expect.closeTo(Math.SQRT2, 3);

test('Units are counted by their horizon, two bins an octave over many octaves', () => {
  expect(horizonBins([1, 1.3, null, 1.5, 900])).toEqual([
    { shortest: 1, longest: ROOT, units: [0, 1] },
    { shortest: ROOT, longest: 2, units: [3] },
    { shortest: 724.1, longest: 1024, units: [4] },
  ]);
});

test('Units that are alike are told apart by finer bins', () => {
  const bins = horizonBins([5, 5.4, 5.6, 5.6]);
  expect(bins.map(({ units }) => units)).toEqual([[0], [1], [2, 3]]);
  expect(bins.map(({ shortest, longest }) => Math.log2(longest / shortest))).toEqual(
    [1, 1, 1].map((n) => expect.closeTo(n / 16, 2)),
  );
  expect(horizonBins([4, 5.2], [4, 5.2, 4000]).map(({ shortest }) => shortest)).toEqual([4]);
  const widths = [2, 4, 9, 13, 30].map((octaves) => {
    const [{ shortest, longest }] = horizonBins([1, 2 ** octaves]) as [HorizonBin, HorizonBin];
    return Math.round(1 / Math.log2(longest / shortest));
  });
  expect(widths).toEqual([8, 4, 2, 1, 1]);
});

test('A horizon below an eighth of a step is drawn there', () => {
  expect(horizonBins([0, 0.2, 64])[0]).toEqual({ shortest: 0.125, longest: 0.1768, units: [0] });
});

test('An axis holds every bin, the length of the sequences and four octaves at least', () => {
  const bins = horizonBins([1, 900]);
  expect(horizonDomain(bins)).toEqual([1, 1024]);
  expect(horizonDomain(bins, 2000)).toEqual([1, 2200]);
  expect(horizonDomain(bins, 0.5)).toEqual([0.4545, 1024]);
  const [low, high] = horizonDomain([{ shortest: 4, longest: 8, units: [0] }]);
  expect([low, high]).toEqual([expect.closeTo(4 / 2 ** 1.5, 3), expect.closeTo(8 * 2 ** 1.5, 2)]);
  expect(horizonDomain([])).toEqual([0.25, 4]);
});

test('Labels are powers of two, thinned where there are many', () => {
  expect(horizonTicks([0.9, 17], 10)).toEqual([1, 2, 4, 8, 16]);
  expect(horizonTicks([1, 16], 3)).toEqual([1, 4, 16]);
  expect([1, 4, 16].map((horizon) => horizonFraction(horizon, [1, 16]))).toEqual([0, 0.5, 1]);
});

test('A unit is a dot, but without a finite value', () => {
  expect(saturationDots({ leftSaturated: [0.25, null, 0], rightSaturated: [0.5, null, 1] })).toEqual([
    { unit: 0, left: 0.25, right: 0.5 },
    null,
    { unit: 2, left: 0, right: 1 },
  ]);
});

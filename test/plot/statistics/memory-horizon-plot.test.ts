import { memoryHorizonPlot } from '../../../src/plot/index.js';
import { drawn, parts, textsOf } from '../support/drawn.js';
import { STATISTICS } from '../support/statistics.js';

const withHorizons = (memoryHorizon: (number | null)[]) => ({
  ...STATISTICS,
  units: memoryHorizon.length,
  memoryHorizon,
});

test('Units are counted by horizon', async () => {
  const spec = parts(await memoryHorizonPlot(withHorizons([4, 4.5, 5.6, 5.7, 0, 0.01, null])));
  const texts = textsOf(await drawn(spec));
  const bins = spec.data.values.map(({ range, units, which }: Record<string, unknown>) => [range, units, which]);
  expect(bins).toEqual([
    ['below 0.1487', 2, '4, 5'],
    ['4 to 4.757', 2, '0, 1'],
    ['4.757 to 5.657', 1, '2'],
    ['5.657 to 6.727', 1, '3'],
  ]);
  expect(spec.title.subtitle).toEqual(['7 units, median 4.5 timesteps, 1 infinite or undefined, not', 'drawn']);
  expect(texts).toContain('memory horizon (timesteps, logarithmic)');
  const forgetful = parts(await memoryHorizonPlot(withHorizons([0, 0.5, 0.9, 7])));
  expect(forgetful.title.subtitle).toEqual(['4 units, half forget within a step']);
});

test('The length of the sequences is marked', async () => {
  const spec = await memoryHorizonPlot(withHorizons([1, 2]), { timesteps: 28 });
  expect(textsOf(await drawn(spec))).toContain('T = 28');
  await expect(memoryHorizonPlot(STATISTICS, { timesteps: 0 })).rejects.toThrow(
    'timesteps must be a positive number, got 0',
  );
});

test('Several layers are a panel each, in their order', async () => {
  const spec = parts(await memoryHorizonPlot({ z: withHorizons([3]), a: withHorizons([null]) }));
  await drawn(spec);
  expect(spec.facet.row.sort).toEqual(['z', 'a']);
  expect(spec.title.subtitle).toEqual([
    'z: 1 unit, median 3 timesteps',
    'a: 1 unit, median infinite, 1 infinite or undefined, not',
    'drawn',
  ]);
});

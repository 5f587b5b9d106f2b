import { comparisonPlot } from '../../../src/plot/index.js';
import { drawn, parts, rowsOf, textsOf } from '../support/drawn.js';
import { STATISTICS } from '../support/statistics.js';

const TRAINED = {
  ...STATISTICS,
  units: 2,
  memoryHorizon: [40, 50],
  f: { ...STATISTICS.f, rightSaturated: [0.9, 0.8] },
};

test('Each measure is a panel with a tick for every unit of every model', async () => {
  const spec = parts(await comparisonPlot({ before: STATISTICS, after: TRAINED }));
  const texts = textsOf(await drawn(spec));
  const titles = spec.concat.map(({ title }: { title: string }) => title);
  expect(titles).toEqual([
    'input gate closed',
    'forget gate closed',
    'output gate closed',
    'input gate open',
    'forget gate open',
    'output gate open',
    'memory horizon',
  ]);
  expect(rowsOf(spec.concat[4].layer[1])).toEqual([
    { model: 'before', value: 0.25 },
    { model: 'after', value: 0.8 },
  ]);
  expect(spec.concat[4].data.values).toEqual([
    { model: 'before', unit: 0, value: 1 },
    { model: 'before', unit: 1, value: 0.25 },
    { model: 'after', unit: 0, value: 0.9 },
    { model: 'after', unit: 1, value: 0.8 },
  ]);
  expect(rowsOf(spec.concat[1])[0]).toEqual({ model: 'before', unit: 0, value: 0 });
  expect(rowsOf(spec.concat[0])[0]).toEqual({ model: 'before', unit: 0, value: 0.25 });
  expect(rowsOf(spec.concat[6]).map(({ value }) => value)).toEqual([12.35, 0, 40, 50, 12.35, 40]);
  for (const text of ['before', 'after', 'Compared: before, after', 'timesteps']) expect(texts).toContain(text);
});

test('A single model cannot be compared', async () => {
  await expect(comparisonPlot({ one: STATISTICS })).rejects.toThrow(
    "comparisonPlot: statistics must be at least two, by name, got ['one']",
  );
  await expect(comparisonPlot({ one: 1 } as never)).rejects.toThrow(
    'comparisonPlot: statistics must be a GateStatistics',
  );
});

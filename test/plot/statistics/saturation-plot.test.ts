import { saturationPlot } from '../../../src/plot/index.js';
import { drawn, parts, textsOf } from '../support/drawn.js';
import { STATISTICS } from '../support/statistics.js';

interface Dot {
  gate: string;
  unit: number;
  layer?: string;
}

test('A dot a unit and gate tells how often it is closed and open', async () => {
  const spec = parts(await saturationPlot(STATISTICS));
  const svg = await drawn(spec);
  const dots: Dot[] = spec.data.values;
  expect(dots).toHaveLength(9);
  const dot = dots.find(({ gate, unit }) => gate === 'input gate i' && unit === 0);
  expect(dot).toEqual({ gate: 'input gate i', unit: 0, left: 0.25, right: 0.5, zeroGradient: 0.1, horizon: 12.35 });
  const { x, y } = spec.spec.layer.at(-1).encoding;
  expect([x.field, y.field, x.title, y.title]).toEqual([
    'right',
    'left',
    'fraction right-saturated',
    'fraction left-saturated',
  ]);
  const texts = textsOf(svg);
  for (const text of ['input gate i', 'forget gate f', 'output gate o']) expect(texts).toContain(text);
  expect(texts.indexOf('input gate i')).toBeLessThan(texts.indexOf('forget gate f'));
});

test('Several layers are a row each, in their order', async () => {
  const spec = parts(await saturationPlot({ z: STATISTICS, a: { ...STATISTICS, units: 3 } }));
  expect(spec.facet.row).toMatchObject({ field: 'layer', sort: ['z', 'a'] });
  expect(spec.data.values.map(({ layer }: Dot) => layer)).toEqual([...Array(9).fill('z'), ...Array(9).fill('a')]);
  const texts = textsOf(await drawn(spec));
  expect(texts.indexOf('z')).toBeLessThan(texts.indexOf('a'));
});

test('A unit without values has no dot', async () => {
  const spec = parts(await saturationPlot(STATISTICS));
  const dot = spec.data.values.find(({ gate, unit }: Dot) => gate === 'forget gate f' && unit === 2);
  expect(dot).toMatchObject({ left: null, right: null });
  const smooth = { ...STATISTICS, i: { ...STATISTICS.i, zeroGradient: null } };
  expect(parts(await saturationPlot(smooth)).data.values[0]).not.toHaveProperty('zeroGradient');
});

test('The line beyond which a unit is stuck is where it is asked for', async () => {
  const spec = parts(await saturationPlot(STATISTICS, { stuckFraction: 0.75 }));
  expect(spec.spec.layer[1].data.values).toEqual([{ x: 0.75, y: 0, x2: 0.75, y2: 0.25 }]);
  expect(spec.spec.layer[2].data.values).toEqual([{ x: 0, y: 0.75, x2: 0.25, y2: 0.75 }]);
  expect(spec.title.subtitle[1]).toBe('dashed: stuck at more than 75% of the steps');
  for (const stuckFraction of [0, 1.1, '1']) {
    await expect(saturationPlot(STATISTICS, { stuckFraction } as never)).rejects.toThrow(
      'stuckFraction must be a number within (0, 1]',
    );
  }
});

test('What are no statistics is refused', async () => {
  const rule = /^saturationPlot: statistics must be a GateStatistics, .*, or some by name, got /;
  for (const wrong of [null, {}, { a: STATISTICS, b: 3 }, Promise.resolve(STATISTICS), 'x']) {
    await expect(saturationPlot(wrong as never)).rejects.toThrow(rule);
  }
});

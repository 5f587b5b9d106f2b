import { toSvg } from '../../../src/plot/index.js';

test('x', async () => {
  const svg = await toSvg({
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    data: { values: [{ a: 1 }] },
    mark: 'bar',
    encoding: { x: { field: 'a', type: 'quantitative' } },
  });
  expect(svg).toContain('<svg');
});

import { toSvg } from '../../../src/plot/index.js';
import { SPEC } from '../support/small-picture.js';

test('A specification is drawn as SVG and left as it is', async () => {
  const spec = structuredClone(SPEC);
  const svg = await toSvg(spec);
  expect(svg).toMatch(/^<svg [\s\S]*<\/svg>$/);
  expect(svg).toContain('>horizon<');
  expect(Reflect.ownKeys(spec.data.values[0] as object)).toEqual(['horizon', 'units']);
});

test('What is no specification is refused', async () => {
  const rule =
    /^toSvg: spec must be a Vega-Lite specification, the awaited result of gateHeatmap or another plot, got /;
  for (const wrong of [null, 'spec', {}, Promise.resolve(SPEC)]) {
    await expect(toSvg(wrong as never)).rejects.toThrow(rule);
  }
});

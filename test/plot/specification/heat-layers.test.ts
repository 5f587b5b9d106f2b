import { colourLegend, imageLayer, tileLayer } from '../../../src/plot/specification/heat-layers.js';
import { logAxis } from '../../../src/plot/specification/log-axis.js';
import { pixelsOf } from '../support/png.js';

const VIEW = { domain: [-3, 5] as [number, number], ramp: ['#000000', '#808080', '#ffffff'] };

test('Tiles cannot be seen, and bring the scale of colours and its legend', () => {
  expect(tileLayer('f', VIEW, { ticks: [-3, 1, 5], length: 44 }, { x: { field: 'start' } })).toEqual({
    mark: { type: 'rect', opacity: 0, invalid: null, aria: false },
    encoding: {
      x: { field: 'start' },
      color: {
        condition: { test: '!isValid(datum.f)', value: '#e6194b' },
        field: 'f',
        type: 'quantitative',
        scale: {
          type: 'linear',
          domain: [-3, 1, 5],
          range: VIEW.ramp,
          interpolate: 'rgb',
          clamp: true,
          zero: false,
          nice: false,
        },
        legend: {
          title: null,
          gradientLength: 44,
          gradientOpacity: 1,
          values: [-3, 1, 5],
          labelExpr: "format(datum.value, '.3~g')",
        },
      },
    },
  });
});

test('A legend whose colours end before the values do says so at its ends', () => {
  expect(colourLegend(VIEW, { ticks: [5], length: 10, isClipped: true }).labelExpr).toBe(
    "(datum.value <= -3 ? '≤ ' : datum.value >= 5 ? '≥ ' : '') + format(datum.value, '.3~g')",
  );
});

test('An image fills its panel, pixel by pixel', async () => {
  const image = {
    width: 1,
    height: 2,
    pixels: Uint8Array.of(1, 0),
    palette: [[1, 2, 3, 4] as const, [5, 6, 7, 8] as const],
  };
  const layer = await imageLayer(image, 70, 30);
  expect(layer).toMatchObject({
    mark: {
      type: 'image',
      aspect: false,
      smooth: false,
      width: 70,
      height: 30,
      align: 'left',
      baseline: 'top',
      aria: false,
    },
    encoding: { x: { value: 0 }, y: { value: 0 }, url: { field: 'url', type: 'nominal' }, tooltip: { value: null } },
  });
  const [{ url }] = (layer.data as { values: [{ url: string }] }).values;
  expect(pixelsOf(url)).toEqual({
    width: 1,
    height: 2,
    pixels: [
      [5, 6, 7, 8],
      [1, 2, 3, 4],
    ],
  });
});

test('A logarithmic axis goes a tenth beyond the values, with short labels as they are and others with exponents', () => {
  const { scale, axis } = logAxis([2, 20]);
  expect(scale).toEqual({ type: 'log', nice: false, domain: [expect.closeTo(1.8, 9), expect.closeTo(22, 9)] });
  expect(axis).toEqual({ values: [2, 5, 10, 20], format: '~g', labelOverlap: 'greedy' });
  expect(logAxis([1e-6, 1]).axis).toEqual({ values: [1e-5, 1e-3, 1e-1], format: '~e', labelOverlap: 'greedy' });
});

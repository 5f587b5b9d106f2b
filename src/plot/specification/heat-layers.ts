import type { ColourScale } from '../data/quantity-view.js';
import { NON_FINITE } from './colours.js';
import type { Json } from './vega-lite-spec.js';

/** A picture that fills a panel, a pixel a value: rectangles side by side would show seams. */
export function imageLayer(url: string, width: number, height: number): Json {
  return {
    data: { values: [{ url }] },
    mark: { type: 'image', aspect: false, smooth: false, width, height, align: 'left', baseline: 'top', aria: false },
    encoding: { x: { value: 0 }, y: { value: 0 }, url: { field: 'url', type: 'nominal' }, tooltip: { value: null } },
  };
}

/**
 * Cells over the picture, which cannot be seen: they carry tooltips and the legend.
 *
 * @param ticks Values at which the legend has labels.
 */
export function cellLayer(
  field: string,
  scale: ColourScale,
  ticks: number[],
  gradientLength: number,
  axes: Json,
): Json {
  const legend = { title: null, gradientLength, values: ticks, format: '.3~g', gradientOpacity: 1 };
  return {
    mark: { type: 'rect', opacity: 0, invalid: null, aria: false },
    encoding: {
      ...axes,
      color: {
        condition: { test: `!isValid(datum.${field})`, value: NON_FINITE },
        ...{ field, type: 'quantitative', scale, legend },
      },
    },
  };
}

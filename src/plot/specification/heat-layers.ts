import { NON_FINITE } from '../rows/colours.js';
import type { IndexedImage } from '../rows/heat.js';
import type { QuantityView } from '../rows/quantity-view.js';
import { pngAddress } from './png-image.js';
import type { Json } from './theme.js';

/** A picture that fills a panel, a pixel a value: rectangles side by side would show seams. */
export async function imageLayer(image: IndexedImage, width: number, height: number): Promise<Json> {
  return {
    data: { values: [{ url: await pngAddress(image) }] },
    mark: { type: 'image', aspect: false, smooth: false, width, height, align: 'left', baseline: 'top', aria: false },
    encoding: { x: { value: 0 }, y: { value: 0 }, url: { field: 'url', type: 'nominal' }, tooltip: { value: null } },
  };
}

/** How a legend of colours is written. */
export interface ColourLegend {
  /** Values that have a label. */
  ticks: readonly number[];
  /** In pixels. */
  length: number;
  /** Whether there are values beyond the ends, which have the colours of the ends. */
  isClipped?: boolean;
}

/** Tiles over the picture, which cannot be seen: they carry tooltips and the legend. */
export function tileLayer(field: string, view: QuantityView, legend: ColourLegend, axes: Json): Json {
  return {
    mark: { type: 'rect', opacity: 0, invalid: null, aria: false },
    encoding: {
      ...axes,
      color: {
        condition: { test: `!isValid(datum.${field})`, value: NON_FINITE },
        field,
        type: 'quantitative',
        scale: colourScale(view),
        legend: colourLegend(view, legend),
      },
    },
  };
}

export function colourLegend({ domain: [low, high] }: QuantityView, { ticks, length, isClipped }: ColourLegend): Json {
  const number = "format(datum.value, '.3~g')";
  const clipped = `(datum.value <= ${low} ? '≤ ' : datum.value >= ${high} ? '≥ ' : '') + ${number}`;
  return {
    title: null,
    gradientLength: length,
    gradientOpacity: 1,
    values: [...ticks],
    labelExpr: isClipped ? clipped : number,
  };
}

/** The colour scale of Vega-Lite for a view. */
export function colourScale({ domain: [low, high], ramp }: QuantityView): Json & { domain: number[] } {
  // Vega-Lite interpolates between as many colours as the domain has values.
  const domain = ramp.map((_, n) => Number((low + ((high - low) * n) / (ramp.length - 1)).toPrecision(6)));
  return { type: 'linear', domain, range: [...ramp], interpolate: 'rgb', clamp: true, zero: false, nice: false };
}

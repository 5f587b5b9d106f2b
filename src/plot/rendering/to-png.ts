import { invalidArgument } from '../../core/errors.js';
import { requireOptions } from '../../core/options.js';
import type { VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { findFonts } from './fonts.js';
import { loadPackages } from './load-packages.js';
import { requireSpec } from './require-spec.js';
import { svgNamed } from './to-svg.js';

export interface PngOptions {
  /** Pixels of the image for each pixel of the picture. Default: 2. */
  scale?: number;
  /**
   * Paths of TrueType or OpenType fonts, of which the first gives the letters where it has them. Default: the package
   * dejavu-fonts-ttf where it is installed, then the fonts of the system.
   */
  fontFiles?: readonly string[];
}

/** Vega's style for pixels that stay sharp: the rasteriser heeds the last of both, and knows the first only. */
const PIXELATED = 'image-rendering: optimizeSpeed; image-rendering: pixelated;';

/**
 * Draws a specification as PNG, in Node, without browser or DOM. Needs the packages vega, vega-lite and `@resvg/resvg-js`;
 * and a font, from the system or from the package dejavu-fonts-ttf.
 *
 * ```ts
 * await writeFile('gates.png', await toPng(await gateHeatmap(trace)));
 * ```
 *
 * In a page, Vega's own menu saves what `show` has drawn.
 *
 * @param spec Any Vega-Lite specification.
 * @returns The bytes of a PNG file.
 * @throws RangeError (by the promise) for what is not a specification and for options of other kinds than described;
 *   Error where a package, or any font, is missing, which it names.
 */
export async function toPng(spec: VegaLiteSpec, options: PngOptions = {}): Promise<Uint8Array> {
  const where = 'toPng';
  requireSpec(where, spec);
  requireOptions(where, options, ['scale', 'fontFiles']);
  const { scale = 2, fontFiles } = options;
  if (!Number.isFinite(scale) || scale <= 0) throw invalidArgument(where, 'scale must be a positive number', scale);
  const { '@resvg/resvg-js': resvg } = await loadPackages(where, ['@resvg/resvg-js', 'vega', 'vega-lite']);
  const font = await findFonts(where, resvg, fontFiles);
  const svg = (await svgNamed(where, spec)).replaceAll(PIXELATED, 'image-rendering: optimizeSpeed;');
  const image = new resvg.Resvg(svg, { fitTo: { mode: 'zoom', value: scale }, font }).render();
  return new Uint8Array(image.asPng());
}

import { A_STRING, aNumber, checkOptions, listOf, type OptionRules } from '../../core/options.js';
import type { VegaLiteSpec } from '../specification/specification.js';
import { inFamilies, registerFonts } from './fonts.js';
import { loadPackages } from './load-packages.js';
import { requireSpec } from './require-spec.js';
import { svgNamed } from './to-svg.js';

/** The options of `toPng`. */
export interface PngOptions {
  /** Image pixels per pixel of the picture. Default: 2. */
  scale?: number;
  /**
   * Paths of TrueType or OpenType fonts, in order of preference. Default: the package dejavu-fonts-ttf, if it is
   * installed, then the fonts of the system.
   */
  fontFiles?: readonly string[];
}

const RULES: OptionRules = {
  scale: aNumber('a positive number', (value) => value > 0 && value < Number.POSITIVE_INFINITY),
  fontFiles: listOf('an array of paths', A_STRING),
};

/**
 * Draws a specification as PNG, in Node, without a browser or DOM. Needs the packages vega, vega-lite and
 * `@napi-rs/canvas`, and a font, from the system or from the package dejavu-fonts-ttf.
 *
 * ```ts
 * await writeFile('gates.png', await toPng(await gateHeatmap(trace)));
 * ```
 *
 * In a page, use Vega's own menu to save what `show` has drawn.
 *
 * @param spec Any Vega-Lite specification.
 * @returns The bytes of a PNG file.
 * @throws RangeError (as a rejection) for what is not a specification, and for options of the wrong type; Error if a
 *   package or font is missing, which it names.
 * @category Show and save
 */
export async function toPng(spec: VegaLiteSpec, options: PngOptions = {}): Promise<Uint8Array> {
  const where = 'toPng';
  requireSpec(where, spec);
  checkOptions(where, options, RULES);
  const scale = options.scale ?? 2;
  const { '@napi-rs/canvas': canvas } = await loadPackages(where, ['@napi-rs/canvas', 'vega', 'vega-lite']);
  const families = await registerFonts(where, canvas, options.fontFiles ?? undefined);
  const svg = inFamilies(await svgNamed(where, spec, scale), families);
  const picture = await canvas.loadImage(Buffer.from(svg));
  const surface = canvas.createCanvas(Math.max(1, picture.width), Math.max(1, picture.height));
  surface.getContext('2d').drawImage(picture, 0, 0);
  return new Uint8Array(await surface.encode('png'));
}

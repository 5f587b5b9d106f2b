import type { VegaLiteSpec } from '../specification/specification.js';
import { loadPackages } from './load-packages.js';
import { requireSpec } from './require-spec.js';

/**
 * Draws a specification as SVG, without a browser or DOM. Needs the packages vega and vega-lite.
 *
 * ```ts
 * await writeFile('gates.svg', await toSvg(await gateHeatmap(trace)));
 * ```
 *
 * @param spec Any Vega-Lite specification.
 * @returns The text of an SVG file.
 * @throws RangeError (as a rejection) for what is not a specification; Error if a package is missing, which it names; and
 *   whatever Vega-Lite throws for a specification that it cannot compile.
 * @category Show and save
 */
export async function toSvg(spec: VegaLiteSpec): Promise<string> {
  return svgNamed('toSvg', spec);
}

/** As `toSvg`, as many times as large, with errors that name the function that was called. */
export async function svgNamed(where: string, spec: VegaLiteSpec, scale = 1): Promise<string> {
  requireSpec(where, spec);
  const { vega, 'vega-lite': vegaLite } = await loadPackages(where, ['vega', 'vega-lite']);
  // A copy, as Vega writes into the data that it draws.
  const compiled = vegaLite.compile(JSON.parse(JSON.stringify(spec))).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none' });
  try {
    return await view.toSVG(scale);
  } finally {
    view.finalize();
  }
}

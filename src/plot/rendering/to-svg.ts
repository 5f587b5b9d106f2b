import type { VegaLiteSpec } from '../specification/specification.js';
import { loadPackages } from './load-packages.js';
import { requireSpec } from './require-spec.js';

/**
 * Draws a specification as SVG, without browser or DOM. Needs the packages vega and vega-lite.
 *
 * ```ts
 * await writeFile('gates.svg', await toSvg(await gateHeatmap(trace)));
 * ```
 *
 * @param spec Any Vega-Lite specification.
 * @throws RangeError (by the promise) for what is not a specification; Error where a package is missing, which it names,
 *   and whatever Vega-Lite says of a specification that it does not understand.
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

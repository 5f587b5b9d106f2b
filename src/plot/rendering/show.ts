import { checkOptions, type OptionRules } from '../../core/options.js';
import type { VegaLiteSpec } from '../specification/specification.js';
import { loadPackages } from './load-packages.js';
import { requireSpec } from './require-spec.js';

/** The media type that JupyterLab 4, Notebook 7 and VS Code draw by themselves. */
const MEDIA_TYPE = 'application/vnd.vegalite.v5+json';

/** The options of `show`. */
export interface ShowOptions {
  /** In a page, the element to draw in, or a selector of it. */
  element?: HTMLElement | string;
}

const RULES: OptionRules = {
  element: {
    must: 'an element or a selector of one',
    // Not by the class of elements, of which a frame has another, and Node none.
    holds: (value) => (typeof value === 'string' && value !== '') || (value as Partial<Element>)?.nodeType === 1,
  },
};

/** A picture that a notebook draws if it is the value of a cell. */
export interface DisplayedPlot {
  spec: VegaLiteSpec;
  /** In a page, resolves when the picture is drawn in `element`; elsewhere, resolves at once. */
  drawn: Promise<void>;
}

/**
 * Shows a specification. In a notebook (Deno's Jupyter kernel, or any other that supports `Jupyter.display`), use it as
 * the value of a cell. Nothing needs to be installed, because the notebook itself draws it:
 *
 * ```ts
 * show(await gateHeatmap(trace));
 * ```
 *
 * In a page, pass an element; this needs the package vega-embed:
 *
 * ```ts browser
 * await show(await gateHeatmap(trace), { element: '#gates' }).drawn;
 * ```
 *
 * @param spec Any Vega-Lite specification.
 * @throws RangeError for what is not a specification, and for options of the wrong type; as a rejection of `drawn`, Error
 *   if vega-embed, vega or vega-lite is missing.
 * @category Show and save
 */
export function show(spec: VegaLiteSpec, options: ShowOptions = {}): DisplayedPlot {
  requireSpec('show', spec);
  checkOptions('show', options, RULES);
  const element = options.element ?? undefined;
  const plot = { spec, drawn: element === undefined ? Promise.resolve() : draw(spec, element) };
  return Object.defineProperty(plot, Symbol.for('Jupyter.display'), {
    value: () => mediaBundle(spec),
    enumerable: false,
  });
}

function mediaBundle(spec: VegaLiteSpec): Record<string, unknown> {
  const { title } = spec as { title?: { text?: string } };
  return { [MEDIA_TYPE]: spec, 'text/plain': `[a picture: ${title?.text ?? 'Vega-Lite'}]` };
}

async function draw(spec: VegaLiteSpec, element: HTMLElement | string): Promise<void> {
  const packages = await loadPackages('show', ['vega-embed', 'vega', 'vega-lite']);
  // A copy, as Vega writes into the data that it draws; without version, so that vega-embed takes the installed one.
  const { $schema: _, ...picture } = JSON.parse(JSON.stringify(spec)) as VegaLiteSpec;
  await packages['vega-embed'].default(element, picture as never, { mode: 'vega-lite', actions: true });
}

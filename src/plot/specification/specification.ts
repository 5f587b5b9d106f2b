import type { PlotOptions } from './plot-options.js';
import { themeConfig } from './theme.js';
import { type Json, SCHEMA, type VegaLiteSpec } from './vega-lite-spec.js';

/** A whole specification: the picture, its heading, and the theme. */
export function specification(
  { title, theme = 'light' }: PlotOptions,
  defaults: { title: string; subtitle?: string | string[] },
  picture: Json,
): VegaLiteSpec {
  const { subtitle } = defaults;
  return {
    $schema: SCHEMA,
    title: { text: title ?? defaults.title, ...(subtitle === undefined ? {} : { subtitle }), fontSize: 14, offset: 12 },
    ...picture,
    config: themeConfig(theme),
  };
}

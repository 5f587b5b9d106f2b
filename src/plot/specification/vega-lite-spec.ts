/** A Vega-Lite specification: plain JSON, with its data in it, which any Vega-Lite viewer draws. */
export interface VegaLiteSpec {
  $schema: string;
  [property: string]: unknown;
}

/** A part of a specification. */
export type Json = Record<string, unknown>;

/** The version whose media type JupyterLab 4 draws. The specifications mean the same in version 6. */
export const SCHEMA = 'https://vega.github.io/schema/vega-lite/v5.json';

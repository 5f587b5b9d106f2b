import { toSvg, type VegaLiteSpec } from '../../../src/plot/index.js';
import { loadPackages } from '../../../src/plot/rendering/load-packages.js';

export type Row = Record<string, unknown>;

// biome-ignore lint/suspicious/noExplicitAny: a specification is read as the JSON that it is.
type Part = any;

/**
 * Asserts that a specification is plain JSON which Vega-Lite understands without a warning, and draws it.
 *
 * @returns The SVG.
 */
export async function drawn(spec: VegaLiteSpec): Promise<string> {
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  const { 'vega-lite': vegaLite } = await loadPackages('drawn', ['vega-lite']);
  const warnings: unknown[] = [];
  const logger: Part = {
    level: () => logger,
    info: () => logger,
    debug: () => logger,
    warn: (...said: unknown[]) => {
      warnings.push(...said);
      return logger;
    },
    error: (...said: unknown[]) => {
      warnings.push(...said);
      return logger;
    },
  };
  vegaLite.compile(spec as never, { logger });
  expect(warnings).toEqual([]);
  const svg = await toSvg(spec);
  // No coordinate is lost. (The whole SVG would fill the screen.)
  expect(svg.match(/ [\w-]+="[^"]*\bNaN\b[^"]*"/g)?.filter((a) => !a.includes('label')) ?? []).toEqual([]);
  return svg;
}

/** What a specification says, without types in the way. */
export function parts(spec: VegaLiteSpec): Part {
  return spec;
}

/** Every data row anywhere in a specification. */
export function rowsOf(part: Part): Row[] {
  if (typeof part !== 'object' || part === null) return [];
  const own = Array.isArray(part.data?.values) ? part.data.values : [];
  return [...own, ...Object.entries(part).flatMap(([key, inner]) => (key === 'data' ? [] : rowsOf(inner)))];
}

/** The texts of an SVG. */
export function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text as string);
}

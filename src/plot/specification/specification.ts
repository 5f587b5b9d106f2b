import type { PlotOptions } from './plot-options.js';
import { type Json, themeConfig } from './theme.js';

/** A Vega-Lite specification: plain JSON that contains its data, which any Vega-Lite viewer can draw. */
export interface VegaLiteSpec {
  $schema: string;
  [property: string]: unknown;
}

/** The version whose media type JupyterLab 4 draws. The specifications mean the same in version 6. */
export const SCHEMA = 'https://vega.github.io/schema/vega-lite/v5.json';

/** Of the letters of a heading, on average. */
const LETTER_WIDTH = 6;
/** Of a line, however narrow the picture is. */
const FEWEST_LETTERS = 60;

export interface Heading {
  /** What the picture shows, where no other title is chosen. */
  title: string;
  /** Lines, of which empty ones are left out. */
  subtitle: readonly string[];
  /** About how wide the picture is, in pixels: a heading does not wrap by itself. */
  width: number;
}

/** A whole specification: the picture, its heading, and the theme. */
export function specification(
  { title, theme = 'light' }: PlotOptions,
  { title: ofPicture, subtitle, width }: Heading,
  picture: Json,
): VegaLiteSpec {
  const lines = subtitle.flatMap((line) => wrapText(line, width));
  return {
    $schema: SCHEMA,
    title: { text: title ?? ofPicture, subtitle: lines, fontSize: 14, offset: 12 },
    ...picture,
    config: themeConfig(theme),
  };
}

/** A text in lines that are not much wider than so many pixels. */
export function wrapText(text: string, width: number): string[] {
  const longest = Math.max(FEWEST_LETTERS, Math.floor(width / LETTER_WIDTH));
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (word === '') continue;
    if (last !== undefined && last.length + 1 + word.length <= longest) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

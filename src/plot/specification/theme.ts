import { CATEGORIES, type Theme } from '../rows/colours.js';

/** A part of a specification. */
export type Json = Record<string, unknown>;

interface ThemeColours {
  background: string;
  text: string;
  /** Of axis labels and what else stays in the second row. */
  quietText: string;
  line: string;
  /** Of masked steps, and of the lines that hatch them. */
  masked: string;
  hatching: string;
  /** Of the lines that mark a threshold. */
  threshold: string;
}

export const THEME_COLOURS: Record<Theme, ThemeColours> = {
  light: {
    background: '#ffffff',
    text: '#1f2328',
    quietText: '#59636e',
    line: '#d1d9e0',
    masked: '#e4e7ea',
    hatching: '#a9b1ba',
    threshold: '#59636e',
  },
  dark: {
    background: '#14171a',
    text: '#e6edf3',
    quietText: '#9aa4af',
    line: '#3d444d',
    masked: '#2b3036',
    hatching: '#5c6670',
    threshold: '#9aa4af',
  },
};

/** The Vega-Lite configuration of a theme. */
export function themeConfig(theme: Theme): Json {
  const { background, text, quietText, line } = THEME_COLOURS[theme];
  const labels = { labelColor: quietText, titleColor: text, titleFontWeight: 'normal', labelFontSize: 11 };
  return {
    background,
    padding: 12,
    font: 'sans-serif',
    view: { stroke: line },
    axis: { ...labels, domainColor: line, tickColor: line, gridColor: line, gridOpacity: 0.5, labelFlush: false },
    header: labels,
    legend: labels,
    title: {
      color: text,
      subtitleColor: quietText,
      fontSize: 12,
      subtitleFontSize: 11,
      anchor: 'start',
      frame: 'group',
    },
    mark: { color: CATEGORIES[theme][0] as string },
    range: { category: [...CATEGORIES[theme]] },
  };
}

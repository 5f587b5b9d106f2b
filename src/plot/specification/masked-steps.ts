import { NON_FINITE, type Theme } from '../rows/colours.js';
import { binsOf, maskedRuns, stretchText } from '../rows/stretches.js';
import { type Json, THEME_COLOURS } from './theme.js';
import type { TimeAxis } from './time-axis.js';

/** Pixels between two lines of the hatching, at least: closer ones would be one grey. */
const HATCHING = 6;

/**
 * Layers that show masked steps: grey, hatched with a line for each step, or for several where they are narrow.
 *
 * @param time Of the panel.
 */
export function maskedSteps(valid: readonly boolean[], time: TimeAxis, height: number, theme: Theme): Json[] {
  const runs = maskedRuns(valid);
  if (runs.length === 0) return [];
  const { masked, hatching } = THEME_COLOURS[theme];
  const bottom = { value: 0 };
  const top = { value: height };
  const bands = runs.map((run) => ({
    start: run.first - 0.5,
    end: run.last + 0.5,
    masked: `timestep${run.first === run.last ? '' : 's'} ${stretchText(run)}`,
  }));
  const pixelsPerStep = time.width / valid.length;
  const lines = runs.flatMap(({ first, last }) => {
    const steps = last - first + 1;
    const parts = binsOf(steps, Math.max(1, (steps * pixelsPerStep) / HATCHING));
    return parts.map((part) => ({ start: first + part.first - 0.5, end: first + part.last + 0.5 }));
  });
  const ends = { x: { ...time.channel, field: 'start' }, x2: { field: 'end' } };
  return [
    {
      data: { values: bands },
      mark: { type: 'rect', color: masked },
      encoding: { ...ends, y: bottom, y2: top, tooltip: [{ field: 'masked', type: 'nominal', title: 'masked' }] },
    },
    {
      data: { values: lines },
      mark: { type: 'rule', color: hatching, strokeWidth: 0.7, tooltip: null },
      encoding: { ...ends, y: top, y2: bottom },
    },
  ];
}

/** What of these a picture shows. */
export interface ShownExceptions {
  masked: boolean;
  nonFinite: boolean;
}

/** A layer that draws nothing but brings a key of the colours that are in no scale. */
export function exceptionKey({ masked, nonFinite }: ShownExceptions, theme: Theme): Json[] {
  const entries: [string, string][] = [];
  if (masked) entries.push(['masked', THEME_COLOURS[theme].masked]);
  if (nonFinite) entries.push(['NaN or infinite', NON_FINITE]);
  if (entries.length === 0) return [];
  const scale = { domain: entries.map(([name]) => name), range: entries.map(([, colour]) => colour) };
  const legend = { title: null, symbolType: 'square', symbolSize: 120, symbolStrokeWidth: 0, symbolOpacity: 1 };
  return [
    {
      data: { values: [] },
      mark: { type: 'point', filled: true },
      encoding: { fill: { field: 'key', type: 'nominal', scale, legend } },
    },
  ];
}

import type { Bin } from '../data/bins.js';
import { THEME_COLOURS, type Theme } from './theme.js';
import type { Json } from './vega-lite-spec.js';

/** More than this many hatching lines are one grey. */
const MOST_LINES = 200;

/**
 * Layers that show masked steps: grey, hatched with a line for each step.
 *
 * @param x The x channel of the panel, without field.
 */
export function maskedSteps(runs: readonly Bin[], x: Json, height: number, theme: Theme): Json[] {
  if (runs.length === 0) return [];
  const { masked, hatching } = THEME_COLOURS[theme];
  const whole = { y: { value: 0 }, y2: { value: height } };
  const band = ({ first, last }: Bin) => ({ start: first - 0.5, end: last + 0.5, masked: describeSteps(first, last) });
  const steps = runs.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n));
  const lines = steps.slice(0, MOST_LINES).map((t) => ({ start: t - 0.5, end: t + 0.5 }));
  const ends = { x: { ...x, field: 'start' }, x2: { field: 'end' }, ...whole };
  return [
    {
      data: { values: runs.map(band) },
      mark: { type: 'rect', color: masked },
      encoding: { ...ends, tooltip: [{ field: 'masked', type: 'nominal', title: 'masked' }] },
    },
    {
      data: { values: lines },
      mark: { type: 'rule', color: hatching, strokeWidth: 0.7, tooltip: null },
      encoding: { ...ends, y: whole.y2, y2: whole.y },
    },
  ];
}

export function describeSteps(first: number, last: number): string {
  return first === last ? `timestep ${first}` : `timesteps ${first} to ${last}`;
}

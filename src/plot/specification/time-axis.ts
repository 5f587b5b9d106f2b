import { visibleLabel } from '../data/time-labels.js';
import type { Json } from './vega-lite-spec.js';

/** Pixels that a label of a timestep needs, written upright and lying. */
const LABEL_WIDTH = { upright: 13, lying: 11 };
const LONGEST_UPRIGHT = 2;

export interface TimeAxis {
  /** Parameters of the whole specification. */
  params: Json[];
  /** What the x channel needs beside its field. */
  channel: Json;
}

/** The axis of timesteps: each is as wide as a cell and centred at its index, and has its label where there is room. */
export function timeAxis(timesteps: number, labels: readonly string[] | null, width: number): TimeAxis {
  const scale = { domain: [-0.5, timesteps - 0.5], nice: false, zero: false };
  const axis: Json = { title: 'timestep', grid: false, tickMinStep: 1, format: 'd' };
  if (labels === null) return { params: [], channel: { type: 'quantitative', scale, axis } };
  const isShort = labels.every((label) => label.length <= LONGEST_UPRIGHT);
  const stride = Math.ceil((timesteps * (isShort ? LABEL_WIDTH.upright : LABEL_WIDTH.lying)) / width);
  Object.assign(axis, {
    values: labels.flatMap((_, t) => (t % stride === 0 ? [t] : [])),
    labelExpr: 'timeLabels[datum.value]',
    labelAngle: isShort ? 0 : -90,
    labelLimit: 90,
    labelOverlap: false,
    ticks: false,
  });
  return {
    params: [{ name: 'timeLabels', value: labels.map(visibleLabel) }],
    channel: { type: 'quantitative', scale, axis },
  };
}

/** Width of a panel along time, in pixels, unless it is chosen. */
export function timeWidth(timesteps: number, labels: readonly string[] | null): number {
  const needed = labels === null ? 0 : timesteps * LABEL_WIDTH.upright;
  return Math.min(Math.max(360, needed), 900);
}

import { invalidArgument } from '../../core/errors.js';
import { visibleLabel } from '../rows/time-labels.js';
import type { TimePlotOptions } from './plot-options.js';
import type { Json } from './theme.js';

/** Pixels that a label of a timestep needs: a letter, two, or more than two, which lie on their side. */
const LABEL_WIDTH = { letter: 9, upright: 14, lying: 12 };
const LONGEST_UPRIGHT = 2;
const WIDEST_LABELLED = 1200;

/** Timesteps along the x axis of a panel. */
export interface TimeAxis {
  /** In pixels. */
  width: number;
  /** [T], such that white space can be seen; null without labels. */
  labels: string[] | null;
  /** Parameters of the whole specification. */
  params: Json[];
  /** What the x channel needs beside its field. */
  channel: Json;
}

/**
 * The axis of timesteps: each is as wide as a tile and centred at its index. Labels are written where there is room for
 * all; some of them would read as another text, so that numbers are written where there is none.
 *
 * @throws RangeError for labels that are not as many as timesteps.
 */
export function timeAxis(where: string, timesteps: number, options: TimePlotOptions): TimeAxis {
  const given = options.timeLabels ?? options.labels;
  if (given !== undefined && given.length !== timesteps) {
    const rule = `timeLabels must be one for each of ${timesteps} timesteps`;
    throw invalidArgument(where, rule, `${given.length} labels`);
  }
  const labels = given?.map((label) => visibleLabel(String(label))) ?? null;
  const longest = labels?.reduce((length, label) => Math.max(length, [...label].length), 0) ?? 0;
  const isUpright = longest <= LONGEST_UPRIGHT;
  const each = isUpright ? LABEL_WIDTH[longest <= 1 ? 'letter' : 'upright'] : LABEL_WIDTH.lying;
  const needed = labels === null ? 0 : timesteps * each;
  const width =
    options.width ?? (needed <= WIDEST_LABELLED ? Math.max(needed, plainWidth(timesteps)) : plainWidth(timesteps));
  const scale = { domain: [-0.5, timesteps - 0.5], nice: false, zero: false };
  const axis: Json = { title: 'timestep', grid: false, tickMinStep: 1, format: 'd', labelOverlap: 'greedy' };
  if (labels === null || needed > width)
    return { width, labels, params: [], channel: { type: 'quantitative', scale, axis } };
  Object.assign(axis, {
    values: labels.map((_, t) => t),
    labelExpr: 'timeLabels[datum.value]',
    labelAngle: isUpright ? 0 : -90,
    labelLimit: 90,
    labelOverlap: false,
    ticks: false,
  });
  return {
    width,
    labels,
    params: [{ name: 'timeLabels', value: labels }],
    channel: { type: 'quantitative', scale, axis },
  };
}

/** Of a panel whose steps have no names: a few steps are not stretched over all of it, many have a pixel each. */
function plainWidth(timesteps: number): number {
  if (timesteps > 180) return 720;
  return Math.min(360, Math.max(120, timesteps * 40));
}

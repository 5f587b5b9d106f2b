import { binsOf, type Stretch } from './stretches.js';
import { MOST_POINTS } from './timeline.js';

/** A point of a line of gradients over time: of a step, or of several where there are more than can be told apart. */
export interface FlowPoint extends Stretch {
  /** Mean of what there is; null without any. */
  value: number | null;
}

/** @param values [T]; null where there is none. */
export function flowPoints(values: readonly (number | null)[]): FlowPoint[] {
  return binsOf(values.length, MOST_POINTS).map(({ first, last }) => {
    const found = values.slice(first, last + 1).filter((value) => value !== null);
    const sum = found.reduce((total, value) => total + value, 0);
    return { first, last, value: found.length === 0 ? null : sum / found.length };
  });
}

/** Without what has no logarithm. */
export function positiveOnly(values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => (value !== null && value > 0 ? value : null));
}

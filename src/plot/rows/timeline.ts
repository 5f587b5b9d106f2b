import { type Sample, widthOf } from './sample.js';
import { binsOf, type Stretch } from './stretches.js';

/** A panel has not many more pixels than this. */
export const MOST_POINTS = 400;

/** What a unit does within a stretch of time: a step, or several where there are more than can be told apart. */
export interface TimelinePoint extends Stretch {
  /** Over the valid steps; null where none is, NaN where a value is not finite. */
  mean: number | null;
  min: number | null;
  max: number | null;
}

/** The line of one quantity of one unit. */
export function timelinePoints(sample: Sample, quantity: string, position: number): TimelinePoint[] {
  const { values, valid, timesteps } = sample;
  const ofQuantity = values[quantity] as ArrayLike<number>;
  const width = widthOf(sample, quantity);
  return binsOf(timesteps, MOST_POINTS).map(({ first, last }) => {
    const found: number[] = [];
    for (let t = first; t <= last; t++) if (valid[t]) found.push(ofQuantity[t * width + position] as number);
    if (found.length === 0) return { first, last, mean: null, min: null, max: null };
    const isWhole = found.every(Number.isFinite);
    const of = (value: number) => (isWhole ? value : Number.NaN);
    const sum = found.reduce((total, value) => total + value, 0);
    return { first, last, mean: of(sum / found.length), min: of(Math.min(...found)), max: of(Math.max(...found)) };
  });
}

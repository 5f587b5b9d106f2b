import type { Theme } from './colours.js';
import { type QuantityView, quantityView } from './quantity-view.js';
import { type Sample, widthOf } from './sample.js';

/** Colours of a quantity, and what lies beyond their ends. */
export interface ColourRange extends QuantityView {
  /** The fraction of the values at valid steps that are beyond the ends. */
  clipped: number;
  /** The smallest and the largest value; null without a finite one. */
  extremes: [number, number] | null;
}

const LOWEST = 0.01;
const HIGHEST = 0.99;

/**
 * The domain that a bounded quantity always has, so that pictures can be compared; of an unbounded one, and of any that is
 * stretched, what is usual: from the 1st to the 99th percentile of the values at valid steps, where those beyond would make
 * the rest look alike.
 */
export function colourRange(
  sample: Sample,
  quantity: string,
  { isStretched, theme }: { isStretched: boolean; theme: Theme },
): ColourRange {
  const sorted = sortedValues(sample, quantity);
  const last = sorted.length - 1;
  const extremes: [number, number] | null = last < 0 ? null : [sorted[0] as number, sorted[last] as number];
  const largest = extremes === null ? 0 : Math.max(-extremes[0], extremes[1]);
  const low = sorted[Math.floor(LOWEST * last)] ?? 0;
  const high = sorted[Math.ceil(HIGHEST * last)] ?? 0;
  const usual = Math.max(Math.abs(low), Math.abs(high));
  const whole = quantityView(quantity, sample, largest, theme);
  const isBounded = whole.domain[1] !== largest || largest === 1;
  let { domain } = whole;
  if (isStretched) domain = domain[0] === 0 ? [low, high > low ? high : low + 1] : [-usual || -1, usual || 1];
  else if (!isBounded && usual > 0 && largest > FAR * usual) domain = [-usual, usual];
  const beyond = sorted.reduce((count, value) => count + Number(value < domain[0] || value > domain[1]), 0);
  return { domain, ramp: whole.ramp, clipped: last < 0 ? 0 : beyond / sorted.length, extremes };
}

/** Less than that much farther than the usual values, the farthest ones do no harm. */
const FAR = 1.5;

function sortedValues(sample: Sample, quantity: string): Float32Array {
  const values = sample.values[quantity] as ArrayLike<number>;
  const width = widthOf(sample, quantity);
  const found = new Float32Array(values.length);
  let count = 0;
  for (let t = 0; t < sample.timesteps; t++) {
    if (!sample.valid[t]) continue;
    for (let n = t * width; n < (t + 1) * width; n++) {
      const value = values[n] as number;
      if (Number.isFinite(value)) found[count++] = value;
    }
  }
  return found.subarray(0, count).sort();
}

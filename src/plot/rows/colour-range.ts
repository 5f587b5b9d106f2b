import type { Theme } from './colours.js';
import { type QuantityView, quantityView } from './quantity-view.js';
import { type Sample, widthOf } from './sample.js';

/** Colours of a quantity, and what lies beyond their ends. */
export interface ColourRange extends QuantityView {
  /** The fraction of the values at valid steps that are beyond the ends. */
  clipped: number;
  /** The smallest and the largest value; null without a finite one, and where it is known that none is beyond. */
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
  const ends = sample.ends?.[quantity];
  if (ends !== undefined && !isStretched) {
    const farthest = Math.max(-ends[0], ends[1]);
    const { domain, ramp } = quantityView(quantity, sample, farthest, theme);
    const isBounded = domain[1] !== farthest && domain[0] <= ends[0] && ends[1] <= domain[1];
    if (isBounded) return { domain, ramp, clipped: 0, extremes: null };
  }
  const extremes = extremesOf(sample, quantity);
  const largest = extremes === null ? 0 : Math.max(-extremes[0], extremes[1]);
  const whole = quantityView(quantity, sample, largest, theme);
  const isBounded = whole.domain[1] !== largest || largest === 1;
  const isWithin = extremes !== null && whole.domain[0] <= extremes[0] && extremes[1] <= whole.domain[1];
  // Most often that is all there is to know, and to sort the values of a large layer takes long.
  if (extremes === null || (isBounded && isWithin && !isStretched)) return { ...whole, clipped: 0, extremes };
  const sorted = finiteValues(sample, quantity).sort();
  let { domain } = whole;
  if (isStretched || !isBounded) {
    const low = sorted[Math.floor(LOWEST * (sorted.length - 1))] as number;
    const high = sorted[Math.ceil(HIGHEST * (sorted.length - 1))] as number;
    const usual = Math.max(Math.abs(low), Math.abs(high));
    if (!isStretched) domain = usual > 0 && largest > FAR * usual ? [-usual, usual] : domain;
    else domain = domain[0] === 0 ? [low, high > low ? high : low + 1] : [-usual || -1, usual || 1];
  }
  let beyond = 0;
  for (let n = 0; n < sorted.length; n++) {
    const value = sorted[n] as number;
    if (value < domain[0] || value > domain[1]) beyond += 1;
  }
  return { domain, ramp: whole.ramp, clipped: beyond / sorted.length, extremes };
}

/** Less than that much farther than the usual values, the farthest ones do no harm. */
const FAR = 1.5;

function finiteValues(sample: Sample, quantity: string): Float32Array {
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
  return found.subarray(0, count);
}

function extremesOf(sample: Sample, quantity: string): [number, number] | null {
  const values = sample.values[quantity] as ArrayLike<number>;
  const width = widthOf(sample, quantity);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let t = 0; t < sample.timesteps; t++) {
    if (!sample.valid[t]) continue;
    for (let n = t * width; n < (t + 1) * width; n++) {
      const value = values[n] as number;
      // What is not finite is neither.
      if (value < low && value !== Number.NEGATIVE_INFINITY) low = value;
      if (value > high && value !== Number.POSITIVE_INFINITY) high = value;
    }
  }
  return low > high ? null : [low, high];
}

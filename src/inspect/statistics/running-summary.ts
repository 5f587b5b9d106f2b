import type { ValueSummary } from './statistics-types.js';

/**
 * Mean, standard deviation and extremes of numbers that come one by one.
 *
 * The mean and the squares about it are updated together (Welford 1962, "Note on a method for calculating corrected sums
 * of squares and products", Technometrics 4): the difference of two large sums would lose the digits of a small spread.
 */
export class RunningSummary {
  private count = 0;
  private mean = 0;
  private squares = 0;
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;

  /** @param value A finite number. */
  add(value: number): void {
    this.count += 1;
    const difference = value - this.mean;
    this.mean += difference / this.count;
    this.squares += difference * (value - this.mean);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  result(): ValueSummary {
    if (this.count === 0) return { mean: null, std: null, min: null, max: null };
    // JSON knows no -0; adding 0 makes it 0. The mean starts at 0 and never is -0.
    const [min, max] = [this.min + 0, this.max + 0];
    return { mean: this.mean, std: Math.sqrt(this.squares / this.count), min, max };
  }
}

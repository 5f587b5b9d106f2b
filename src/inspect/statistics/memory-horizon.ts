import { SMALLEST_NORMAL } from '../../core/float32.js';

/**
 * For each unit, how many timesteps its cell remembers: -1 / mean(ln f). The content of the cell is multiplied by f at
 * every step, so that it decays like exp(-t / horizon); the logarithms' mean is that of a gate that varies.
 *
 * Source: Tallec and Ollivier 2018, "Can recurrent neural networks warp time?", arXiv 1804.11188.
 */
export class MemoryHorizon {
  private readonly logarithms: number[];
  private readonly counts: number[];

  constructor(units: number) {
    this.logarithms = new Array(units).fill(0);
    this.counts = new Array(units).fill(0);
  }

  add(forgetGate: number, unit: number): void {
    // What is below the smallest normal float32 is 0 on some backends, and is to be so on all.
    const gate = Math.abs(forgetGate) < SMALLEST_NORMAL ? 0 : forgetGate;
    this.logarithms[unit] = (this.logarithms[unit] as number) + Math.log(gate);
    this.counts[unit] = (this.counts[unit] as number) + 1;
  }

  /** [U], in timesteps; null where it is infinite or undefined. */
  result(): (number | null)[] {
    return this.logarithms.map((sum, unit) => {
      const mean = sum / (this.counts[unit] as number);
      // Without values or with a negative gate the mean is NaN, which is not below 0 either.
      return mean < 0 ? -1 / mean : null;
    });
  }
}

import { RunningSummary } from './running-summary.js';
import type { NonFiniteValues } from './statistics-types.js';

/** What wants to see every finite value. */
export interface ValueObserver {
  add(value: number, unit: number): void;
}

/** Sees the values of one quantity, keeps those that are not finite apart, and shows the others to its observers. */
export class QuantityStatistics {
  readonly summary = new RunningSummary();
  private nonFiniteCount = 0;
  private firstTimestep = Number.POSITIVE_INFINITY;

  constructor(private readonly observers: ValueObserver[] = []) {}

  /**
   * @param values [B, T, U], flat.
   * @param mask [B, T], flat; 0 is masked. Null: every step is valid.
   */
  add(values: ArrayLike<number>, mask: ArrayLike<number> | null, [timesteps, units]: [number, number]): void {
    const steps = values.length / units;
    for (let step = 0; step < steps; step++) {
      if (mask !== null && mask[step] === 0) continue;
      for (let unit = 0; unit < units; unit++) {
        this.addValue(values[step * units + unit] as number, unit, step % timesteps);
      }
    }
  }

  nonFinite(): NonFiniteValues {
    return { count: this.nonFiniteCount, firstTimestep: this.nonFiniteCount === 0 ? null : this.firstTimestep };
  }

  private addValue(value: number, unit: number, timestep: number): void {
    if (!Number.isFinite(value)) {
      this.nonFiniteCount += 1;
      this.firstTimestep = Math.min(this.firstTimestep, timestep);
      return;
    }
    this.summary.add(value);
    for (const observer of this.observers) observer.add(value, unit);
  }
}
